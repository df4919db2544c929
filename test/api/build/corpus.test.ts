import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { sendBuild } from '../../../cli/build/send-build.ts'
import { createClient } from '../../../cli/client/create-client.ts'
import { type BuildInput, plainBuild } from '../../../cli/plan/builds.ts'
import type { ImageInspect } from '../../../schemas/api/images.ts'
import { type ApiEngine, onEngines } from '../../support/api-engine.ts'
import { beyond, configLines, corpusBase, listTar, makeContext } from '../../support/build-corpus.ts'
import { buildx, treeFromBuildKit } from '../../support/buildkit.ts'

const root = join(process.env['BERTH_ROOT'] ?? '.', 'test', 'api', 'build', 'corpus')
const own = new Set(['Dockerfile', 'expected.txt', 'request.json'])

const isWriting = process.env['UPDATE_GOLDEN'] !== undefined

interface Request {
  readonly buildargs?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly target?: string
}

/** A case as one engine builds it. */
interface Build {
  readonly api: ApiEngine
  readonly folder: string
  readonly name: string
  readonly request: Request
}

// What BuildKit makes of each Dockerfile is written down beside it (`expected.txt`); both it and Berth are held to that. With BERTH_PEER_HOST (a
// dockerd) and BERTH_PEER_BUILDX (its docker-buildx), UPDATE_GOLDEN=1 writes it anew from BuildKit alone.
onEngines('Dockerfiles', engine => {
  let base: string
  const plain = { tree: [] as string[] }
  const isPeer = (): boolean => engine().name === 'dockerd'

  before(async () => {
    base = `${engine().unique('base')}:1`
    await engine().call('POST', '/images/load', corpusBase(base))
    if (isPeer() && buildx === undefined) return
    if (isPeer() || !isWriting)
      plain.tree = await built('FROM_BASE', 'ARG BASE\nFROM $BASE\n', {}, async build => treeOf(build))
  })
  after(() => engine().request('DELETE', `/images/${base}?force=1`))

  async function built<T>(
    title: string,
    dockerfile: string,
    files: Readonly<Record<string, string>>,
    use: (build: Build) => Promise<T>,
  ): Promise<T> {
    const folder = makeContext({ Dockerfile: dockerfile, ...files })
    const request = JSON.parse(files['request.json'] ?? '{}') as Request
    const build = {
      api: engine(),
      folder,
      name: `${engine().unique(`case-${title.toLowerCase()}`)}:1`,
      request: { ...request, buildargs: { BASE: base, ...request.buildargs } },
    }
    rmSync(join(folder, 'context', 'request.json'), { force: true })
    try {
      return await use(build)
    } finally {
      await engine().request('DELETE', `/images/${build.name}?force=1`)
      rmSync(folder, { recursive: true, force: true })
    }
  }

  for (const title of readdirSync(root)) {
    const skip = title === 'args-platform' && process.arch !== 'x64' ? 'what it says is about amd64' : false
    test(title, { skip }, async context => {
      if (isPeer() && buildx === undefined) return context.skip('BERTH_PEER_BUILDX names no docker-buildx')
      if (!isPeer() && isWriting) return context.skip('what is expected is BuildKit’s')
      const folder = join(root, title)
      const files = Object.fromEntries(
        readdirSync(folder).flatMap(name =>
          own.has(name) && name !== 'request.json' ? [] : [[name, readFileSync(join(folder, name), 'utf8')]],
        ),
      )
      const found = await built(title, readFileSync(join(folder, 'Dockerfile'), 'utf8'), files, async build => {
        const tree = await treeOf(build)
        const image = await build.api.call<ImageInspect>('GET', `/images/${build.name}/json`)
        return [...beyond(plain.tree, tree), '', ...configLines(image.Config, image.Author), ''].join('\n')
      })
      const expected = join(folder, 'expected.txt')
      if (isWriting) writeFileSync(expected, found)
      else assert.equal(found, readFileSync(expected, 'utf8'))
    })
  }
})

const argsOf = ({ buildargs = {}, labels = {}, target }: Request): string[] => [
  ...Object.entries(buildargs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
  ...Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
  ...(target === undefined ? [] : ['--target', target]),
  '--network',
  'none',
]

/** Builds it, and lists the image's file tree. */
async function treeOf(build: Build): Promise<string[]> {
  const { api, folder, name, request } = build
  if (api.name === 'dockerd') return listTar(await treeFromBuildKit(folder, name, argsOf(request)))
  await buildHere(build)
  return listTar(await api.open('GET', `/berth/v1/images/${name}/rootfs`))
}

async function buildHere({ api, folder, name, request }: Build): Promise<void> {
  const client = createClient({ kind: 'unix', socketPath: api.socket, text: `unix://${api.socket}` })
  const input: BuildInput = {
    context: join(folder, 'context'),
    ...plainBuild,
    args: request.buildargs ?? {},
    target: request.target,
    labels: request.labels ?? {},
    tags: [name],
    network: 'none',
  }
  try {
    await sendBuild(client, input, { secrets: new Map(), onText: () => undefined })
  } finally {
    client.close()
  }
}
