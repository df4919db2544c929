// A build with dockerode, its progress followed, its image tagged and run; prints what it saw as one line of JSON. The image is the first argument.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import Docker from 'dockerode'

const [image, name] = process.argv.slice(2)
const docker = new Docker()
const seen = {}

const context = mkdtempSync(join(tmpdir(), 'dockerode-'))
try {
  const dockerfile = [
    `FROM ${image}`,
    'ARG WHO',
    'COPY said /said',
    'RUN echo "$WHO" >>/said',
    'CMD ["busybox","cat","/said"]',
  ]
  writeFileSync(join(context, 'Dockerfile'), dockerfile.join('\n'))
  writeFileSync(join(context, 'said'), 'hello\n')
  writeFileSync(join(context, 'not-sent'), 'x')
  const built = await build({ t: `${name}:built`, buildargs: { WHO: 'dockerode' } })
  seen.steps = built.text.match(/^Step .*/gm)
  seen.end = built.text
    .trim()
    .split('\n')
    .slice(-2)
    .map(line => line.replace(/[0-9a-f]{12}$/, 'ID'))

  const id = built.messages.find(({ aux }) => aux?.ID !== undefined).aux.ID
  await docker.getImage(id).tag({ repo: name, tag: 'tagged' })
  const { Id, RepoTags, Config } = await docker.getImage(`${name}:tagged`).inspect()
  seen.image = { isBuilt: Id === id, tags: RepoTags.sort(), command: Config.Cmd }
  const stdout = new PassThrough()
  const output = text(stdout)
  const [{ StatusCode }, container] = await docker.run(`${name}:tagged`, [], stdout)
  // Of a terminal, as dockerode asks for one.
  seen.run = { code: StatusCode, text: await output }
  await container.remove()

  writeFileSync(join(context, 'Dockerfile'), `FROM ${image}\nRUN exit 3`)
  seen.failure = (await build({})).messages.at(-1).error
  for (const tag of ['built', 'tagged']) await docker.getImage(`${name}:${tag}`).remove()
  process.stdout.write(`${JSON.stringify(seen)}\n`)
} finally {
  rmSync(context, { recursive: true, force: true })
}

async function build(options) {
  const stream = await docker.buildImage(
    { context, src: ['Dockerfile', 'said'] },
    { ...options, nocache: true, rm: true, forcerm: true },
  )
  const messages = await new Promise((resolve, reject) =>
    docker.modem.followProgress(stream, (error, all) => (error === null ? resolve(all) : reject(error))),
  )
  return { messages, text: messages.map(({ stream: said = '' }) => said).join('') }
}
