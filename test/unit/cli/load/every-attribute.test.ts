import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import { loadStack } from '../../../../cli/load/load-project.ts'
import { explainPath } from '../../../../cli/model/explain-path.ts'
import { planUp } from '../../../../cli/plan/plan-up.ts'
import { stackJsonSchema } from '../../../../schemas/stack/json-schema.ts'
import { nothing } from '../../../support/simulate.ts'

// Stacks put together at random from every value that the conformance cases give to an attribute and that Compose and we both take.
interface Case {
  readonly files: Readonly<Record<string, string>>
  readonly exit?: number
}

const cases = ['each-attribute.yaml', 'forms-and-values.yaml'].flatMap(
  name => parse(readFileSync(join(import.meta.dirname, 'conformance', 'compose', name), 'utf8')) as readonly Case[],
)

/** What needs a second service or a file beside it, or excludes what others ask for. */
const notAlone = new Set([
  'build',
  'develop',
  'image',
  'configs',
  'container_name',
  'deploy',
  'depends_on',
  'env_file',
  'extends',
  'ipc',
  'label_file',
  'links',
  'models',
  'network_mode',
  'networks',
  'pid',
  'scale',
  'secrets',
  'tmpfs',
  'uts',
  'volumes',
  'volumes_from',
])

const pool = new Map<string, unknown[]>()
for (const { files, exit = 0 } of cases) {
  const stack = parse(files['compose.yaml'] ?? '', { merge: true, logLevel: 'silent' }) as {
    services?: { web?: object }
  } | null
  const { image: _, ...own } = (stack?.services?.web ?? {}) as Record<string, unknown>
  if (exit !== 0 || Object.keys(files).length !== 1) continue
  for (const [key, value] of Object.entries(own)) {
    // Variables that a case sets are not set here.
    if (!notAlone.has(key) && !/\$\{?[A-Za-z{]/.test(JSON.stringify(value) ?? ''))
      pool.set(key, [...(pool.get(key) ?? []), value])
  }
}

const service = fc
  .record(Object.fromEntries([...pool].map(([key, values]) => [key, fc.constantFrom(...values)])), { requiredKeys: [] })
  .map(own => ({ image: 'x', ...own }))
const stacks = fc
  .dictionary(fc.stringMatching(/^[a-z][a-z0-9_-]{1,8}$/), service, { minKeys: 1, maxKeys: 5 })
  .map(services => stringify({ name: 't', services }, { aliasDuplicateObjects: false }))

const load = (text: string) =>
  loadStack({
    cwd: '/s',
    env: {},
    fs: {
      readFile: () => Buffer.from(text),
      stat: path =>
        path === '/s/stack.yaml' ? { isFile: true, isDirectory: false, sizeBytes: text.length } : undefined,
    },
  })

const planText = (text: string): string => {
  const { project, diagnostics } = load(text)
  assert.ok(project, `${text}\n${diagnostics.map(({ message }) => message).join('\n')}`)
  const images = Object.fromEntries(['x', 't'].map(image => [image, { id: `sha256:${image}` }]))
  return JSON.stringify(planUp(project, nothing('t', images), {}, { pull: 'missing' }))
}

test('500 stacks of every attribute load and plan, and again to the same bytes', () => {
  assert.ok(pool.size > 50, `only ${pool.size} attributes have a value`)
  fc.assert(
    fc.property(stacks, text => assert.equal(planText(text), planText(text))),
    { numRuns: 500, seed: 1 },
  )
})

test('a stack of a thousand services is planned', context => {
  const services = Object.fromEntries(
    Array.from({ length: 1000 }, (_, index) => [
      `s${index}`,
      {
        image: 'x',
        command: ['run', `${index}`],
        environment: { A: '1', B: `${index}` },
        labels: { a: 'b' },
        ports: [`${10_000 + index}:80`],
        ...(index > 0 && { depends_on: [`s${index - 1}`] }),
      },
    ]),
  )
  const start = performance.now()
  const text = planText(stringify({ name: 't', services }))
  context.diagnostic(
    `${Math.round(performance.now() - start)} ms, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB resident`,
  )
  assert.equal(JSON.parse(text).ops.filter(({ kind }: { kind: string }) => kind === 'container.create').length, 1000)
})

test('the JSON Schema takes what the loader takes, allows x- keys, and refuses what is misspelt', () => {
  const validate = new Ajv2020({ strict: false }).compile(stackJsonSchema() as object)
  const golden = join(import.meta.dirname, 'golden', 'load')
  for (const name of readdirSync(golden).filter(each => /^[0-4]/.test(each))) {
    const file = join(golden, name, 'expected.yaml')
    const expected = parse(readFileSync(file, 'utf8')) as unknown
    assert.ok(validate(expected), `${name}: ${JSON.stringify(validate.errors)}`)
  }
  assert.ok(validate({ services: { a: { image: 'x', 'x-mine': 1 } }, 'x-top': [] }))
  assert.ok(!validate({ services: { a: { imagee: 'x' } } }))
  const { properties } = stackJsonSchema() as { properties: Record<string, { description?: string }> }
  assert.match(properties['services']?.description ?? '', /What runs/)
})

test('explain names file, line and value, for one value or all below', () => {
  const { project } = load('name: t\nservices:\n  web:\n    image: x\n    environment:\n      A: one\n      b.c: two\n')
  assert.ok(project)
  const placeOf = (path: string) =>
    explainPath(project, path)?.map(({ path: at, value, position }) => [at, value, position?.line])
  assert.deepEqual(placeOf('services.web.image'), [['services.web.image', 'x', 4]])
  assert.deepEqual(placeOf('services.web.environment'), [
    ['services.web.environment.A', 'one', 6],
    ['services.web.environment.b.c', 'two', 7],
  ])
  assert.equal(placeOf('services.web.nothing'), undefined)
})
