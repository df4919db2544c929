import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { expandWord } from '../../../../engine/build/dockerfile/expand.ts'
import type { Instruction } from '../../../../engine/build/dockerfile/instruction.ts'
import { parseDockerfile } from '../../../../engine/build/dockerfile/parse.ts'
import { parseIgnore } from '../../../../schemas/build-ignore.ts'

const only = (text: string): Instruction => parseDockerfile(`FROM scratch\n${text}\n`).stages[0]!.instructions[0]!

describe('Dockerfile', () => {
  test('stages with names, platforms and arguments in front', () => {
    const file = parseDockerfile('ARG V=1\nFROM --platform=linux/amd64 a:$V AS Base\nRUN x\nFROM base\n')
    assert.deepEqual(
      file.stages.map(({ name, base, platform, instructions }) => [name, base, platform, instructions.length]),
      [
        ['base', 'a:$V', 'linux/amd64', 1],
        [undefined, 'base', undefined, 0],
      ],
    )
    assert.equal(file.globalArgs.length, 1)
  })

  test('continuations, comments and empty lines between them; the position is where it begins', () => {
    const run = only('# one\nRUN a \\\n  # two\n\n  && b')
    assert.equal(run.kind === 'run' && run.command.form === 'shell' && run.command.text, 'a   && b')
    assert.deepEqual([run.position.line, run.position.endLine], [3, 6])
  })

  test('the escape directive', () => {
    const file = parseDockerfile('# escape=`\nFROM scratch\nRUN a `\n b\\\nENV x=1')
    assert.deepEqual(
      file.stages[0]!.instructions.map(({ kind }) => kind),
      ['run', 'env'],
    )
  })

  test('here-documents: names, tabs, quotes', () => {
    const run = only('RUN <<EOF\necho a\nEOF')
    assert.deepEqual(run.kind === 'run' && run.heredocs, [{ name: 'EOF', content: 'echo a\n', expands: true }])
    const copy = only('COPY <<-"A" <<B /x/\n\tone\n\tA\ntwo $v\nB')
    assert.deepEqual(copy.kind === 'copy' && [copy.heredocs, copy.sources], [
      [
        { name: 'A', content: 'one\n', expands: false },
        { name: 'B', content: 'two $v\n', expands: true },
      ],
      [],
    ])
  })

  test('flags of COPY and RUN', () => {
    const copy = only('COPY --from=x --chown=1:2 --chmod=644 --parents --exclude=*.o --exclude=y --link a b/ /c/')
    assert.ok(copy.kind === 'copy')
    assert.deepEqual(
      [copy.from, copy.chown, copy.chmod, copy.keepsParents, copy.excludes, copy.isLinked, copy.sources],
      ['x', '1:2', '644', true, ['*.o', 'y'], true, ['a', 'b/']],
    )
    const run = only('RUN --mount=type=cache,target=/c --network=none ["a","b"]')
    assert.ok(run.kind === 'run')
    assert.deepEqual(run.mounts, [{ type: 'cache', options: { type: 'cache', target: '/c' } }])
    assert.deepEqual([run.network, run.command], ['none', { form: 'exec', words: ['a', 'b'] }])
  })

  test('HEALTHCHECK, ENV in both forms, ARG with several', () => {
    const health = only('HEALTHCHECK --interval=1m30s --retries=2 CMD true')
    assert.ok(health.kind === 'healthcheck')
    assert.deepEqual(health.options, { Interval: 9e10, Retries: 2 })
    const env = only('ENV a="b c" d=e\\ f')
    assert.deepEqual(env.kind === 'env' && env.pairs, [
      { name: 'a', value: '"b c"' },
      { name: 'd', value: 'e\\ f' },
    ])
    const old = only('ENV a b  c')
    assert.deepEqual(old.kind === 'env' && old.pairs, [{ name: 'a', value: 'b  c' }])
    const arg = only('ARG a b=1')
    assert.deepEqual(arg.kind === 'arg' && arg.args, [
      { name: 'a', value: undefined },
      { name: 'b', value: '1' },
    ])
  })

  const mistakes: Record<string, RegExp> = {
    'FROM a\nRNU x': /^Dockerfile:2: RNU: unknown instruction; did you mean RUN\?/,
    'RUN x': /Dockerfile:1: RUN: no build stage/,
    'FROM a\n\nCOPY x': /Dockerfile:3: COPY: COPY requires at least two arguments/,
    'FROM a\nCOPY a b c': /must be a directory and end with a \//,
    'FROM a\nCOPY --form=b a c': /Dockerfile:2: COPY: unknown flag --form: expected one of .*--from/,
    'FROM a\nENV a=b c': /can't find = in "c"/,
    'FROM a\nRUN <<EOF\nx': /Dockerfile:2: RUN: unterminated here-document/,
    'FROM a\nRUN --mount=type=bond x': /expected type bind, cache/,
    'FROM a\nRUN --mount=type=tmpfs,id=1 x': /has no option "id"/,
    'FROM a\nSHELL /bin/sh': /expected a JSON list/,
    'FROM a\nONBUILD FROM b': /FROM isn't allowed as an ONBUILD trigger/,
    'FROM a\nHEALTHCHECK MAYBE': /expected CMD with a command, or NONE/,
    'FROM a as': /expected FROM image/,
    '# only a comment': /no instructions/,
  }
  for (const [text, expected] of Object.entries(mistakes)) {
    test(`refused: ${JSON.stringify(text)}`, () => assert.throws(() => parseDockerfile(text), { message: expected }))
  }
})

describe('variables', () => {
  const variables = new Map([
    ['a', 'one'],
    ['empty', ''],
    ['path', 'x/y/z.tar.gz'],
  ])
  const cases: Record<string, string> = {
    '$a-${a}': 'one-one',
    '"$a b"': 'one b',
    "'$a'": '$a',
    '\\$a': '$a',
    '"\\$a \\n"': '$a \\n',
    '${none:-d$a}': 'done',
    '${empty:-d}': 'd',
    '${empty-d}': '',
    '${a:+yes}': 'yes',
    '${none+yes}': '',
    '${path#*/}': 'y/z.tar.gz',
    '${path##*/}': 'z.tar.gz',
    '${path%.*}': 'x/y/z.tar',
    '${path%%.*}': 'x/y/z',
    '${path/x/q}': 'q/y/z.tar.gz',
    '${path//\\//-}': 'x-y-z.tar.gz',
    $: '$',
    a$b$: 'a$',
  }
  for (const [text, expected] of Object.entries(cases)) {
    test(text, () => assert.equal(expandWord(text, variables), expected))
  }
  test('${x:?why} is an error', () => assert.throws(() => expandWord('${x:?why}', variables), /x: why/))
  test('unclosed', () => assert.throws(() => expandWord('"${a', variables), /unsupported modifier/))
})

describe('.dockerignore', () => {
  const ignore = parseIgnore('# c\n*.log\n/build\n!build/keep\n**/node_modules\ntemp?\n!a.log\n')
  const cases: Record<string, boolean> = {
    'x.log': true,
    'a.log': false,
    'sub/x.log': false,
    'build/x': true,
    'build/keep': false,
    'p/q/node_modules/r': true,
    node_modules: true,
    temp1: true,
    temporary: false,
  }
  for (const [path, expected] of Object.entries(cases)) test(path, () => assert.equal(ignore(path), expected))
})
