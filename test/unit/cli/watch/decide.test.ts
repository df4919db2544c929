import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Project } from '../../../../cli/model/project.ts'
import { decide } from '../../../../cli/watch/decide.ts'
import { pathTest } from '../../../../cli/watch/pattern.ts'
import { watchRules } from '../../../../cli/watch/rules.ts'

function rulesFrom(services: Readonly<Record<string, unknown>>, dockerignore?: string) {
  const project = { services, canonical: { services } } as unknown as Project
  return watchRules(project, [], () => dockerignore)
}

test('patterns mean what they mean in .dockerignore', () => {
  const cases = [
    ['node_modules', 'node_modules/a/b.js', true],
    ['node_modules', 'src/node_modules/b.js', false],
    ['**/node_modules', 'src/node_modules/b.js', true],
    ['*.log', 'a.log', true],
    ['*.log', 'deep/a.log', false],
    ['**/*.log', 'deep/er/a.log', true],
    ['src/**', 'src/a/b', true],
    ['src/?.js', 'src/a.js', true],
    ['./src/', 'src/a', true],
    ['a+b', 'a+b', true],
    ['a.c', 'abc', false],
  ] as const
  for (const [pattern, path, expected] of cases)
    assert.equal(pathTest([pattern])(path), expected, `${pattern} for ${path}`)
  assert.equal(pathTest(['*', '!src'])('src/a'), false)
  assert.equal(pathTest(['src', '!src/keep', 'src/keep/not'])('src/keep/not/a'), true)
})

test('changed files go where their rule says; ignored ones, and what editors leave, go nowhere', () => {
  const rules = rulesFrom(
    {
      web: {
        build: { context: '/app' },
        develop: {
          watch: [
            { path: '/app/src', action: 'sync', target: '/srv/src', ignore: ['tmp'] },
            { path: '/app/web.conf', action: 'sync+restart', target: '/etc/web.conf' },
            { path: '/app/package.json', action: 'rebuild' },
          ],
        },
      },
      idle: {},
    },
    '*.md\n',
  )
  const changed = ['/app/src/a.js', '/app/src/tmp/x', '/app/src/.a.js.swp', '/app/other', '/app/srcs/b']
  assert.deepEqual(decide(rules, changed), [
    {
      service: 'web',
      changes: 1,
      rebuild: false,
      sync: [{ hostPath: '/app/src/a.js', containerPath: '/srv/src/a.js' }],
      restart: false,
      exec: [],
    },
  ])
  const conf = decide(rules, ['/app/web.conf', '/app/src/deep/b.js'])
  assert.deepEqual(
    [conf[0]?.restart, conf[0]?.sync.map(path => path.containerPath)],
    [true, ['/srv/src/deep/b.js', '/etc/web.conf']],
  )
  const rebuild = decide(rules, ['/app/package.json', '/app/src/a.js'])
  assert.deepEqual([rebuild[0]?.rebuild, rebuild[0]?.sync], [true, []])
  assert.deepEqual(decide(rules, ['/elsewhere']), [])
})

test('include keeps to some files, exec runs after the copy', () => {
  const exec = { command: ['make', 'css'], user: 'app', working_dir: '/srv' }
  const rules = rulesFrom({
    web: { develop: { watch: [{ path: '/app', action: 'sync+exec', target: '/srv', include: ['**/*.css'], exec }] } },
  })
  assert.deepEqual(decide(rules, ['/app/x.js']), [])
  const [work] = decide(rules, ['/app/a/x.css', '/app/x.js'])
  assert.deepEqual(work?.sync, [{ hostPath: '/app/a/x.css', containerPath: '/srv/a/x.css' }])
  assert.deepEqual(work?.exec, [{ command: ['make', 'css'], user: 'app', workingDir: '/srv' }])
})

test('a stack with nothing to watch is refused in the words of Compose', () => {
  assert.throws(() => rulesFrom({ web: {} }), {
    code: 'NOT_FOUND',
    message: /none of the selected services is configured for watch/,
  })
})
