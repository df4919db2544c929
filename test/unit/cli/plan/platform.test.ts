import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Observed } from '../../../../cli/observe/observed.ts'
import type { Plan } from '../../../../cli/plan/plan.ts'
import { planUp } from '../../../../cli/plan/plan-up.ts'
import { projectOf } from '../../../support/project.ts'
import { nothing } from '../../../support/simulate.ts'

const plan = (text: string, observed: Observed, env: Readonly<Record<string, string>> = {}): Plan =>
  planUp(projectOf(text, {}, env), observed, {}, {})

test('an image of another platform is pulled or built for the one that is asked for', () => {
  const text = (platform: string, more = '') => `
name: p
services: {web: {image: a, platform: ${platform}${more}}}
`
  const has = (platform: string) => nothing('p', { a: { id: 'sha256:a', platform } })
  const pulled = (wanted: string, own: string) =>
    plan(text(wanted), has(own)).ops.flatMap(op => (op.kind === 'image.pull' ? (op.platform ?? '') : []))
  assert.deepEqual(pulled('linux/arm64', 'linux/amd64'), ['linux/arm64'])
  assert.deepEqual(pulled('linux/aarch64/v8', 'linux/arm64'), [])
  assert.deepEqual(pulled('linux', 'linux/amd64'), [])
  const create = plan(text('linux/arm64'), has('linux/arm64')).ops.find(op => op.kind === 'container.create')
  assert.equal(create?.kind === 'container.create' && create.platform, 'linux/arm64')
  const built = plan(text('linux/arm64', ', build: .'), has('linux/amd64')).ops.find(op => op.kind === 'image.build')
  assert.equal(built?.kind === 'image.build' && built.input.platform, 'linux/arm64')
  assert.throws(
    () => plan(text('linux/arm64', ', pull_policy: never'), has('linux/amd64')),
    /has no image a for linux\/arm64, and pulling is off/,
  )
})

test('DOCKER_DEFAULT_PLATFORM: pulls and builds without a platform of their own', () => {
  const text = `
name: p
services: {web: {image: new}, own: {image: other, platform: linux/amd64}, made: {build: .}}
`
  const { ops } = plan(text, nothing('p'), { DOCKER_DEFAULT_PLATFORM: 'linux/arm64' })
  const platforms = ops.flatMap(op =>
    op.kind === 'image.pull' || op.kind === 'container.create'
      ? [`${op.key} ${op.platform}`]
      : op.kind === 'image.build'
        ? [`${op.key} ${op.input.platform}`]
        : [],
  )
  assert.deepEqual(platforms.sort(), [
    'container/p-made-1/create linux/arm64',
    'container/p-own-1/create linux/amd64',
    'container/p-web-1/create undefined',
    'image/new/pull linux/arm64',
    'image/other/pull linux/amd64',
    'image/p-made/build linux/arm64',
  ])
})
