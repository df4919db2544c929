import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ApiEngine, onEngines } from '../../support/api-engine.ts'
import { playTranscript } from '../../support/transcript.ts'

const root = process.env['BERTH_ROOT'] ?? process.cwd()
const folderOfTranscripts = join(root, 'test/conformance/docker-compose/transcripts')
const program = process.env['BERTH_PEER_COMPOSE']

const stack = `
services:
  db:
    image: $IMAGE
    command: ["busybox", "sh", "-c", "echo ready; exec busybox sleep 1000"]
    environment: {ONE: "1", TWO: two words}
    healthcheck: {test: ["CMD", "/bin/busybox", "true"], interval: 100ms, timeout: 10s, retries: 50}
    init: true
    mem_limit: 64m
    networks: [back]
    volumes: [data:/data]
  web:
    image: $IMAGE
    command: ["busybox", "sh", "-c", "echo web; exec busybox sleep 1000"]
    configs: [{source: motd, target: /motd}]
    secrets: [pass]
    depends_on: {db: {condition: service_healthy}}
    deploy: {replicas: 2}
    extra_hosts: ["other:192.0.2.7"]
    networks: {back: , front: {aliases: [www]}}
    ports: ["127.0.0.1::80"]
    ulimits: {nofile: 1024}
  job:
    image: $IMAGE
    profiles: [jobs]
    command: ["busybox", "sh", "-c", "echo working; exit 6"]
    networks: [back]
networks: {back: {internal: true}, front: {}}
volumes: {data: {}}
configs: {motd: {content: hello}}
secrets: {pass: {environment: PASS}}
`

const built = `
services:
  app:
    build: .
    command: ["busybox", "sleep", "1000"]
    init: true
    develop: {watch: [{action: sync, path: ./src, target: /srv}]}
`

if (program === undefined)
  test('transcripts of compose', { skip: 'BERTH_PEER_COMPOSE names no docker compose' }, () => {})
else
  onEngines('transcripts of compose', engine => {
    let api: ApiEngine
    let folder: string
    before(() => {
      api = engine()
      folder = mkdtempSync(join(tmpdir(), 'berth-transcripts-'))
      mkdirSync(join(folder, 'bin'))
      writeFileSync(join(folder, 'bin', 'compose'), `#!/bin/sh\nexec "${program}" --progress quiet "$@"\n`)
      chmodSync(join(folder, 'bin', 'compose'), 0o755)
    })
    after(() => rmSync(folder, { recursive: true, force: true }))

    for (const file of readdirSync(folderOfTranscripts).sort()) {
      test(basename(file, '.txt'), async () => {
        const PROJECT = api.unique(basename(file, '.txt'))
        const cwd = mkdtempSync(join(folder, 'cwd-'))
        writeFileSync(join(cwd, 'compose.yaml'), stack)
        writeFileSync(join(cwd, 'built.yaml'), built)
        mkdirSync(join(cwd, 'src'))
        writeFileSync(join(cwd, 'src', 'f'), 'first\n')
        writeFileSync(join(cwd, 'Dockerfile'), `FROM ${api.image}\nCOPY src /srv\n`)
        await playTranscript(join(folderOfTranscripts, file), {
          engine: api.name,
          cwd,
          env: {
            PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
            HOME: cwd,
            DOCKER_HOST: `unix://${api.socket}`,
            DOCKER_BUILDKIT: '0',
            COMPOSE_BAKE: 'false',
            COMPOSE_PROJECT_NAME: PROJECT,
            PROJECT,
            PASS: 'secret',
            IMAGE: api.image,
          },
          names: { [api.image]: 'IMAGE', [PROJECT]: 'PROJECT' },
        })
      })
    }
  })
