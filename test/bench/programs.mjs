// The small C programs that put the load on, so that no client's own speed is what is measured: built when a bench begins.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const sources = join(dirname(fileURLToPath(import.meta.url)), 'programs')
const names = ['bare-start', 'cpu-of', 'dns-load', 'http-load', 'tcp-load']

/** Compiles all of them into `folder`; answers name -> path. */
export function buildPrograms(folder) {
  mkdirSync(folder, { recursive: true })
  return Object.fromEntries(
    names.map(name => {
      const program = join(folder, name)
      execFileSync('cc', ['-O2', '-o', program, join(sources, `${name}.c`)], {
        stdio: ['ignore', 'inherit', 'inherit'],
      })
      return [name, program]
    }),
  )
}

/** Runs a program, in the network namespace of process `pid` when one is given; answers its output, or throws with what it said. */
export function output(program, argv, pid) {
  const [command, ...words] = [...(pid ? ['nsenter', '-t', pid, '-n'] : []), program, ...argv]
  const { status, stdout, stderr, error } = spawnSync(command, words, { encoding: 'utf8', timeout: 120_000 })
  if (status !== 0) throw new Error(`${command} ${words.join(' ')}: ${error ?? stderr}`)
  return stdout
}

/** Starts a program that serves until it is killed, in the network namespace of process `pid`; resolves when it says "ready". */
export async function serve(program, argv, pid) {
  const server = spawn('nsenter', ['-t', pid, '-n', program, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve, reject) => {
    server.stdout.once('data', resolve)
    server.once('exit', code => reject(new Error(`${program} ended with ${code}`)))
  })
  return server
}
