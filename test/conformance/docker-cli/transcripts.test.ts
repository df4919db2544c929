import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ApiEngine, onEngines } from '../../support/api-engine.ts'
import { playTranscript } from '../../support/transcript.ts'

const root = process.env['BERTH_ROOT'] ?? process.cwd()
const folderOfTranscripts = join(root, 'test/conformance/docker-cli/transcripts')
/** What the docker command prints differs from one to the next; these are of 28. */
const version = /version (\d+)/.exec(spawnSync('docker', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1]

if (version !== '28') test('transcripts of docker', { skip: 'there is no docker command 28 on this machine' }, () => {})
else
  onEngines('transcripts of docker', engine => {
    let api: ApiEngine
    let folder: string
    before(() => {
      api = engine()
      folder = mkdtempSync(join(tmpdir(), 'berth-transcripts-'))
    })
    after(() => rmSync(folder, { recursive: true, force: true }))

    for (const file of readdirSync(folderOfTranscripts).sort()) {
      test(basename(file, '.txt'), async () => {
        const N = api.unique(basename(file, '.txt'))
        const cwd = mkdtempSync(join(folder, 'cwd-'))
        const path = process.env['PATH'] ?? ''
        await playTranscript(join(folderOfTranscripts, file), {
          engine: api.name,
          cwd,
          env: {
            PATH: path,
            HOME: cwd,
            DOCKER_HOST: `unix://${api.socket}`,
            DOCKER_BUILDKIT: '0',
            N,
            IMAGE: api.image,
          },
          names: { [api.image]: 'IMAGE', [N]: 'N' },
        })
      })
    }
  })
