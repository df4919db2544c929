import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, test } from 'node:test'
import { onEachRuntime } from './runtimes.ts'

onEachRuntime('terminal', box => {
  after(() => box.delete())

  const withTerminal = (config: { mounts: unknown[]; process: { terminal?: boolean } }) => {
    config.process.terminal = true
    const options = ['newinstance', 'ptmxmode=0666', 'mode=0620']
    config.mounts.push({ destination: '/dev/pts', type: 'devpts', source: 'devpts', options })
  }

  /** What a shell prints that has a terminal of 33 rows and 77 columns. */
  function onTerminal(script: string): string {
    const { stdout } = spawnSync('script', ['-qec', `stty rows 33 cols 77; ${script}`, '/dev/null'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 30_000,
    })
    return stdout.replace(/\r/g, '')
  }

  const run = () => box.argv('run', '--bundle', box.folder, box.id).join(' ')

  test('run in the foreground has the size of the terminal and gives the exit code', () => {
    box.bundle(['sh', '-c', 'tty; stty size; exit 5'], withTerminal)
    const out = onTerminal(`${run()}; echo code $?`)
    assert.match(out, /\/dev\/pts\/0\n/)
    if (box.name !== 'crun') assert.match(out, /^33 77$/m) // crun leaves it to the engine
    assert.match(out, /^code 5$/m)
  })

  test('the size follows', () => {
    if (box.name === 'crun') return
    box.bundle(['sh', '-c', 'while test "$(stty size)" != "40 100"; do sleep 0.1; done; echo seen'], withTerminal)
    assert.match(onTerminal(`(sleep 1; stty rows 40 cols 100 </dev/tty) & ${run()}`), /seen/)
  })

  test('exec with a terminal in the foreground', () => {
    box.start(['sleep', '1000'], config => {
      withTerminal(config)
      config.process.terminal = false
    })
    const exec = box.argv('exec', '--tty', box.id, 'sh', '-c', '"tty; exit 6"').join(' ')
    assert.match(onTerminal(`${exec}; echo code $?`), /\/dev\/pts\/\d\n[\s\S]*code 6/)
    box.delete()
  })

  test('without a foreground a terminal needs a console socket', () => {
    box.bundle(['sleep', '1000'], withTerminal)
    assert.notEqual(box.detached('run', '--detach', '--bundle', box.folder, box.id).status, 0)
    assert.notEqual(box.oci('state', box.id).status, 0)
  })
})
