import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import type { LoadOptions } from '../../../../cli/load/load-options.ts'
import { loadStack } from '../../../../cli/load/load-project.ts'
import { renderJson, renderYaml } from '../../../../cli/load/render-yaml.ts'

/** A project in memory: text of the files by path below /p. */
function load(files: Readonly<Record<string, string | Buffer>>, options: Partial<LoadOptions> = {}) {
  const content = (path: string) => files[path.replace('/p/', '')]
  return loadStack({
    cwd: '/p',
    env: {},
    fs: {
      readFile: path => {
        const text = content(path)
        if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
        return Buffer.from(text)
      },
      stat: path => {
        const text = content(path)
        return text === undefined ? undefined : { isFile: true, isDirectory: false, sizeBytes: text.length }
      },
    },
    ...options,
  })
}

const one = (text: string, options?: Partial<LoadOptions>) => load({ 'stack.yaml': text }, options)
const errors = (stack: ReturnType<typeof load>) =>
  stack.diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code)

test('values keep the place where they were written, through merges, extends and anchors', () => {
  const { project } = load(
    {
      'a.yaml': 'services:\n  web:\n    image: one\n    environment:\n      A.B: "1"\n    ports: ["80:80"]\n',
      'b.yaml': 'services:\n  web:\n    environment: [C=2]\n  "d.ot":\n    extends: {file: c.yaml, service: base}\n',
      'c.yaml': 'services:\n  base:\n    image: base\n',
    },
    { files: ['a.yaml', 'b.yaml'] },
  )
  assert.ok(project)
  const place = (path: string) => {
    const position = project.positionOf(path)
    return position && `${position.file}:${position.line}:${position.column}`
  }
  assert.equal(place('services.web.image'), '/p/a.yaml:3:5')
  assert.equal(place('services.web.environment.A.B'), '/p/a.yaml:5:12')
  assert.equal(place('services.web.environment.C'), '/p/b.yaml:3:19')
  assert.equal(place('services.web.ports[0].target'), '/p/a.yaml:6:13')
  assert.equal(place('services.d.ot.image'), '/p/c.yaml:3:5')
  assert.equal(place('services.web.nothing'), undefined)
})

test('the project is frozen, with short forms written out and units as numbers', () => {
  const { project } = one(`
name: t
services:
  web:
    image: rootfs:./root
    mem_limit: 64m
    cpus: "0.5"
    ports: ["8000-8001:80", "127.0.0.1:53:53/udp"]
    volumes: ["data:/data:ro", "./src:/src", /anon]
    tmpfs: ["/run:size=1m", /tmp]
    healthcheck: {test: curl x, interval: 1m30s, retries: 3}
    deploy: {replicas: 2, restart_policy: {condition: any}}
    secrets: [{source: s, target: short, mode: 0400, uid: "7"}]
    extra_hosts: ["h=10.0.0.1"]
    network_mode: "service:db"
    x-oom: {grow: {limit: 1g}}
  db: {image: "db:1", restart: "on-failure:3", gpus: all}
volumes: {data: {}}
secrets: {s: {environment: S}}
`)
  const { web, db } = project?.services ?? {}
  assert.ok(web && db && Object.isFrozen(web.resources))
  assert.deepEqual(web.image, { kind: 'rootfs', text: 'rootfs:/p/root', path: '/p/root' })
  assert.equal(web.resources.memoryBytes, 67108864)
  assert.equal(web.resources.nanoCpus, 500_000_000)
  assert.deepEqual(web.ports, [
    { target: 80, protocol: 'tcp', hostIp: '', published: '8000-8001' },
    { target: 53, protocol: 'udp', hostIp: '127.0.0.1', published: '53' },
  ])
  assert.deepEqual(
    web.mounts.map(({ type, source, target, readOnly }) => [type, source, target, readOnly]),
    [
      ['volume', 'data', '/data', true],
      ['bind', '/p/src', '/src', false],
      ['volume', undefined, '/anon', false],
    ],
  )
  assert.deepEqual({ ...web.tmpfs }, { '/run': 'size=1m', '/tmp': '' })
  assert.equal(web.healthcheck?.intervalMs, 90_000)
  assert.equal(web.scale, 2)
  assert.deepEqual(web.restart, { name: 'always', maxRetries: 0 })
  assert.deepEqual(db.restart, { name: 'on-failure', maxRetries: 3 })
  assert.deepEqual(web.secrets, [{ source: 's', target: '/run/secrets/short', uid: 7, gid: 0, mode: 0o400 }])
  assert.deepEqual(web.extraHosts, ['h:10.0.0.1'])
  assert.deepEqual(web.networkMode, { kind: 'service', service: 'db' })
  assert.deepEqual(web.dependsOn, [{ service: 'db', condition: 'service_started', restart: true, required: true }])
  assert.deepEqual(web.oom?.grow, { factor: 1.5, limitBytes: 1073741824 })
  assert.equal(web.oom?.maxRestarts, 5)
  assert.deepEqual(db.resources.deviceRequests, [{ count: -1, capabilities: ['gpu'] }])
})

const hashOf = (service: string, rest = '', options: Partial<LoadOptions> = {}, files: Record<string, string> = {}) =>
  load({ 'stack.yaml': `services:\n  web: {image: x, ${service}}\n${rest}`, ...files }, options).project?.services.web
    ?.configHash

test('the hash follows what a container is made from, and nothing else', () => {
  const base = hashOf('environment: {A: 1, B: 2}, mem_limit: 1g')
  assert.ok(base)
  for (const same of [
    'environment: [B=2, A=1], mem_limit: 1024m',
    'environment: {A: 1, B: 2}, mem_limit: 1g, scale: 4, pull_policy: always, privileged: false, labels: {}, profiles: []',
  ]) {
    assert.equal(hashOf(same), base, same)
  }
  for (const other of [
    'environment: {A: 1, B: 3}, mem_limit: 1g',
    'environment: {A: 1, B: 2}',
    'environment: {A: 1, B: 2}, mem_limit: 1g, command: []',
    'environment: {A: 1, B: 2}, mem_limit: 1g, tty: true',
  ]) {
    assert.notEqual(hashOf(other), base, other)
  }
})

test('labels from files are part of the hash, with the path of the file, as in Compose', () => {
  const files = { 'l.env': 'A=1\n' }
  const fromFile = hashOf('label_file: l.env', '', {}, files)
  assert.ok(fromFile)
  assert.notEqual(fromFile, hashOf('labels: {A: 1}'))
})

test('the order of keys changes nothing', () => {
  const stack = {
    name: 't',
    services: {
      web: {
        image: 'x',
        environment: { A: '1', B: '2', C: '3' },
        depends_on: { db: { condition: 'service_healthy' } },
        tty: true,
      },
      db: { image: 'y', healthcheck: { test: ['CMD', 'x'], interval: '5s', retries: 3 }, volumes: ['data:/d'] },
    },
    volumes: { data: { labels: { a: 'b', c: 'd' } } },
  }
  const expected = one(stringify(stack))
  assert.ok(expected.project)
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat()), numbers => {
      const shuffled = one(stringify(shuffle(stack, () => numbers.next().value ?? 0)))
      assert.equal(JSON.stringify(shuffled.project), JSON.stringify(expected.project))
    }),
    { numRuns: 50 },
  )
})

function shuffle(value: unknown, next: () => number): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).map(([key, each]) => [next(), key, shuffle(each, next)] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => a - b).map(([, key, each]) => [key, each]))
}

test('what config prints is a stack file that means the same', () => {
  const text = fc.string({ maxLength: 12 }).filter(value => !value.includes('\u0000'))
  fc.assert(
    fc.property(text, fc.array(text, { maxLength: 3 }), (value, command) => {
      const dollars = (each: string) => each.replaceAll('$', '$$$$')
      const stack = {
        name: 't',
        services: { web: { image: 'x', environment: { A: dollars(value) }, command: ['c', ...command.map(dollars)] } },
      }
      const first = one(JSON.stringify(stack))
      assert.ok(first.canonical && first.project)
      assert.equal(first.project.services.web?.environment.A, value)
      for (const again of [one(renderYaml(first.canonical)), one(renderJson(first.canonical))]) {
        assert.equal(again.project?.services.web?.configHash, first.project.services.web?.configHash)
      }
    }),
  )
})

test('names such as __proto__ are only names', () => {
  const { project, diagnostics } = one(
    'services: {web: {image: x, environment: {__proto__: p, constructor: c}, labels: {toString: t}}}',
  )
  assert.deepEqual(diagnostics, [])
  assert.deepEqual(Object.entries(project?.services.web?.environment ?? {}), [
    ['__proto__', 'p'],
    ['constructor', 'c'],
  ])
  assert.equal(({} as Record<string, unknown>)['p'], undefined)
})

test('bombs, deep nesting and huge files are refused at once', () => {
  const levels = Array.from(
    { length: 12 },
    (_, n) =>
      `x-${n}: &a${n} [${Array(10)
        .fill(n === 0 ? 'x' : `*a${n - 1}`)
        .join(', ')}]`,
  )
  const started = process.cpuUsage()
  assert.deepEqual([...new Set(errors(one(`${levels.join('\n')}\nservices: {}\n`)))], ['too-large'])
  assert.deepEqual([...new Set(errors(one(`x-a: ${'['.repeat(50_000)}`)))], ['yaml-syntax'])
  assert.deepEqual(errors(load({ 'stack.yaml': Buffer.alloc(50 * 1024 * 1024) })), ['too-large'])
  assert.ok(cpuSeconds(started) < 4)
  assert.deepEqual(errors(one('x-a: &a [*a]\nservices: {web: {image: x}}')), ['unknown-anchor'])
})

test('a service named on the command line activates its profiles', () => {
  const text =
    'services: {web: {image: x}, dbg: {image: y, profiles: [d]}, other: {image: z, profiles: [d]}, off: {image: o, profiles: [e]}}'
  assert.deepEqual(Object.keys(one(text).project?.services ?? {}), ['web'])
  assert.deepEqual(Object.keys(one(text).project?.disabledServices ?? {}), ['dbg', 'off', 'other'])
  const { project } = one(text, { services: ['dbg'] })
  assert.deepEqual(Object.keys(project?.services ?? {}), ['dbg', 'other', 'web'])
  assert.deepEqual(project?.profiles, ['d'])
})

test('files come from -f, COMPOSE_FILE, standard input or the folders above; the name from -p, the variable, the file or the folder', () => {
  const files = {
    'stack.yaml': 'services: {web: {image: found}}',
    'sub/x.yaml': 'name: "My.App ${V}"\nservices: {web: {image: "i:${COMPOSE_PROJECT_NAME}"}}',
  }
  const image = (options: Partial<LoadOptions>) => {
    const { project } = load(files, options)
    return [project?.name, project?.services.web?.image?.text]
  }
  assert.deepEqual(image({ cwd: '/p/deep/er' }), ['p', 'found'])
  assert.deepEqual(image({ files: ['sub/x.yaml'], env: { V: 'X1' } }), ['myappx1', 'i:myappx1'])
  assert.deepEqual(
    image({
      env: { COMPOSE_FILE: 'stack.yaml,sub/x.yaml', COMPOSE_PATH_SEPARATOR: ',', COMPOSE_PROJECT_NAME: 'byenv' },
    }),
    ['byenv', 'i:byenv'],
  )
  assert.deepEqual(image({ files: ['-'], stdin: 'services: {web: {image: in}}', projectName: 'given' }), [
    'given',
    'in',
  ])
})

test('without substitution there is a tree to print and no project', () => {
  const stack = one(
    'name: t\nservices: {web: {image: "x:${TAG:?needed}", mem_limit: "${M:-1g}", ports: ["${P:-80}:80"]}}',
    { noInterpolate: true },
  )
  assert.equal(stack.project, undefined)
  assert.match(
    renderYaml(stack.canonical ?? {}, { isTemplate: true }),
    /image: x:\$\{TAG:\?needed\}\n[\s\S]*mem_limit: \$\{M:-1g\}/,
  )
  assert.deepEqual(
    stack.variables.map(({ name, isRequired, defaultValue }) => [name, isRequired, defaultValue]).sort(),
    [
      ['M', false, '1g'],
      ['P', false, '80'],
      ['TAG', true, ''],
    ],
  )
})

test('ten thousand lines with a thousand services load in time', () => {
  const services = Array.from({ length: 1000 }, (_, n) =>
    [
      `  s${n}:`,
      '    image: busybox:1',
      '    command: [sleep, inf]',
      '    environment:',
      '      A: "1"',
      '      B: two-${HOME}',
      '    ports:',
      `      - "${20_000 + n}:80"`,
      `    depends_on: [${n === 0 ? '' : `s${n - 1}`}]`,
      '    restart: always',
    ].join('\n'),
  )
  const started = process.cpuUsage()
  const { project } = one(`services:\n${services.join('\n')}\n`, { env: { HOME: '/h' } })
  assert.equal(Object.keys(project?.services ?? {}).length, 1000)
  assert.ok(cpuSeconds(started) < 6, 'the target is 2 s; a slow machine gets three times that')
})

test('every attribute of the specification is known to the schema', () => {
  const known = readFileSync(join(import.meta.dirname, 'unit/cli/load/attributes.txt'), 'utf8')
    .trim()
    .split('\n')
  for (const name of known) {
    const { diagnostics } = one(`services: {web: {image: x, ${name}: {}}}`)
    assert.ok(!diagnostics.some(({ code }) => code === 'unknown-key'), name)
  }
})

/** Of the processor, which a busy machine does not stretch as it does those of the clock. */
function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1e6
}

test('a secret of an included file that names a variable gets it from the environment of that file', () => {
  const { project } = load({
    'stack.yaml': 'name: t\ninclude: [{path: sub/stack.yaml, env_file: sub/own.env}]\n',
    'sub/stack.yaml': 'services: {a: {image: x, secrets: [s]}}\nsecrets: {s: {environment: S}}\n',
    'sub/own.env': 'S=of the included\n',
  })
  const source = project?.secrets['s']
  assert.equal(source?.kind === 'environment' && source.value, 'of the included')
})
