import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { withoutBooleanValues } from '../../../../cli/session/boolean-values.ts'

const command = () =>
  new Command()
    .option('-d, --detach')
    .option('--pause')
    .option('--no-pause')
    .option('--no-trunc')
    .option('-e, --env <NAME=value>')
    .option('--pull <when>')

const read = (args: readonly string[], passesThrough = false) => withoutBooleanValues(command(), args, passesThrough)

test('values of switches become the switch, its opposite, or nothing', () => {
  assert.deepEqual(read(['--detach=true', '--pause=false', '--no-trunc=1']), ['--detach', '--no-pause', '--no-trunc'])
  assert.deepEqual(read(['-d=false', '--no-pause=false', '--no-trunc=0']), ['--pause'])
})

test('values of other flags, words and unknown flags stay as they are', () => {
  const args = ['--pull=true', '-e', '--detach=false', '-eA=true', 'word', '--nonsense=true']
  assert.deepEqual(read(args), args)
  assert.deepEqual(read(['--', '--detach=false']), ['--', '--detach=false'])
})

test('the value behind a letter and a sign is the value alone', () => {
  assert.deepEqual(read(['-e=A=true']), ['-eA=true'])
})

test('the arguments of another program are its own', () => {
  assert.deepEqual(read(['-d=true', 'web', 'prog', '--detach=false'], true), [
    '--detach',
    'web',
    'prog',
    '--detach=false',
  ])
})
