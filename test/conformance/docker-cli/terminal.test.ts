import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ApiEngine, onEngines } from '../../support/api-engine.ts'
import { eventually } from '../../support/eventually.ts'

const hasDocker = spawnSync('docker', ['--version']).status === 0
const waitMs = 60_000
/** What a shell sends for an editor's sake. */
const escapes = /\r|\u001b\[[0-9;?]*[A-Za-z]/g

// The docker command at a real terminal, which `script` gives it: what is typed, shown, resized and left.
if (!hasDocker) test('docker at a terminal', { skip: 'there is no docker command on this machine' }, () => undefined)
else
  onEngines('docker at a terminal', engine => {
    let api: ApiEngine
    let folder: string
    before(() => {
      api = engine()
      folder = mkdtempSync(join(tmpdir(), 'berth-terminal-'))
    })
    after(() => rmSync(folder, { recursive: true, force: true }))

    /** A session at a terminal of 33 rows and 77 columns. */
    class Session {
      readonly #child: ChildProcess
      readonly #closed: Promise<unknown>
      text = ''

      constructor(command: string) {
        const env = {
          PATH: process.env['PATH'] ?? '',
          HOME: folder,
          DOCKER_HOST: `unix://${api.socket}`,
          TERM: 'xterm',
        }
        const line = `stty rows 33 cols 77; ${command}; echo "ended $?"`
        this.#child = spawn('script', ['-qec', line, '/dev/null'], {
          cwd: folder,
          env,
          stdio: ['pipe', 'pipe', 'inherit'],
        })
        this.#child.stdout?.on('data', chunk => (this.text += String(chunk).replace(escapes, '')))
        this.#closed = once(this.#child, 'close')
      }

      async see(pattern: RegExp): Promise<void> {
        try {
          await eventually('seen', () => pattern.test(this.text), waitMs)
        } catch (cause) {
          throw new Error(`${pattern} is not to be seen at the terminal: ${JSON.stringify(this.text)}`, { cause })
        }
      }

      type(text: string): void {
        this.#child.stdin?.write(text)
      }

      async end(): Promise<string> {
        await this.see(/ended \d+/)
        this.#child.stdin?.end()
        await this.#closed
        return /ended (\d+)/.exec(this.text)?.[1] ?? ''
      }
    }

    const sh = (name: string, ...more: string[]): string =>
      `docker run --rm -it --name ${api.unique(name)} ${more.join(' ')} ${api.image} busybox sh`
    const state = async (name: string): Promise<string | undefined> => {
      const { json } = await api.request('GET', `/containers/${api.unique(name)}/json`)
      return (json as { State?: { Status: string } }).State?.Status
    }

    test('run -it: typing, the size and how it follows, the exit code', async () => {
      const session = new Session(
        `(while test ! -e resized; do sleep 0.1; done; stty rows 44 cols 99 </dev/tty) & ${sh('shell')}`,
      )
      await session.see(/# $/)
      session.type('busybox stty size; echo $((6*7))\n')
      await session.see(/^33 77\n42$/m)
      spawnSync('touch', [join(folder, 'resized')])
      session.type('until test "$(busybox stty size)" = "44 99"; do :; done; echo fol""lowed\n')
      await session.see(/^followed$/m)
      session.type('exit 7\n')
      assert.equal(await session.end(), '7')
      await eventually('gone', async () => (await state('shell')) === undefined, waitMs)
    })

    test('Ctrl-C goes to the process, and Ctrl-D ends its input', async () => {
      const session = new Session(sh('keys'))
      await session.see(/# $/)
      session.type('trap "echo caught" INT; busybox sh -c "echo re""ady; exec busybox sleep 1000"\n')
      await session.see(/^ready$/m)
      session.type('\x03')
      await session.see(/caught\n\/ # $/)
      session.type('\x04')
      await session.end()
    })

    test('detaching with the usual keys and with others, and attaching again', async () => {
      const first = new Session(sh('detach'))
      await first.see(/# $/)
      first.type('kept=yes\n\x10\x11')
      assert.equal(await first.end(), '0')
      assert.equal(await state('detach'), 'running')
      const second = new Session(`docker attach --detach-keys ctrl-a,x ${api.unique('detach')}`)
      second.type('echo $kept!\n')
      await second.see(/^yes!$/m)
      // The usual keys are no keys here.
      second.type('\x10\x11\x03echo st""ill\n')
      await second.see(/^still$/m)
      second.type('\x01x')
      await second.end()
      assert.equal(await state('detach'), 'running')
      const third = new Session(`docker attach ${api.unique('detach')}`)
      third.type('exit 3\n')
      assert.equal(await third.end(), '3')
    })

    test('exec -it: a terminal of its own with its size, detached from by its own keys', async () => {
      const id = await api.run('exec', ['busybox', 'sleep', '1000'])
      const session = new Session(`docker exec -it ${id} busybox sh`)
      await session.see(/# $/)
      session.type('busybox stty size; busybox tty\n')
      await session.see(/^33 77\n\/dev\/pts\/\d+$/m)
      session.type('exit 5\n')
      assert.equal(await session.end(), '5')
      const other = new Session(`docker exec -it --detach-keys ctrl-b ${id} busybox cat`)
      other.type('typed\n')
      await other.see(/typed\ntyped\n/)
      other.type('\x02')
      await other.end()
      assert.match(other.text, /read escape sequence/)
      assert.equal(await state('exec'), 'running')
    })
  })
