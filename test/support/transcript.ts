import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

/** One command of a transcript, what it printed (both streams), and what this engine prints instead, where it differs for a reason. */
interface Step {
  readonly command: string
  readonly expected: string
  readonly ours: { readonly reason: string; readonly expected: string } | undefined
  /** Comment lines above the command. */
  readonly lead: string
}

export interface TranscriptWorld {
  readonly engine: 'berthd' | 'dockerd'
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** What is a new one on each run, and the word that stands for it in the file. */
  readonly names: Readonly<Record<string, string>>
}

/**
 * Plays a transcript: a text file of `$ command` lines, each followed by what it prints and, unless it is 0, its exit code in brackets. What changes from
 * run to run (ids, times, addresses, runs of blanks) is written `<id>`, `<time>`, `<ip>`, two blanks. `! berthd: reason` begins what berthd prints instead of what
 * dockerd does. With UPDATE_GOLDEN=1, a run on dockerd writes down what dockerd printed.
 */
export async function playTranscript(file: string, world: TranscriptWorld): Promise<void> {
  const steps = parseTranscript(readFileSync(file, 'utf8'))
  const played: Step[] = []
  for (const step of steps) {
    const actual = settle(await runShell(step.command, world), world.names)
    const isOurs = world.engine === 'berthd' && step.ours !== undefined
    played.push(isOurs ? { ...step, ours: { ...step.ours, expected: actual } } : { ...step, expected: actual })
  }
  if (process.env['UPDATE_GOLDEN'] !== undefined && world.engine === 'dockerd')
    writeFileSync(file, played.map(renderStep).join('').trimStart())
  else {
    const differing = played.flatMap((step, at) => differences(step, steps[at], world.engine))
    if (differing.length > 0) assert.fail(`${file}: - expected, + printed\n${differing.join('\n')}`)
  }
}

function differences(played: Step, step: Step | undefined, engine: TranscriptWorld['engine']): readonly string[] {
  const textOf = (it: Step | undefined): string =>
    (engine === 'berthd' ? it?.ours?.expected : undefined) ?? it?.expected ?? ''
  const [actual, expected] = [textOf(played), textOf(step)]
  if (actual === expected) return []
  return [`$ ${played.command}`, expected.replace(/^/gm, '- '), actual.replace(/^/gm, '+ ')]
}

export function parseTranscript(text: string): readonly Step[] {
  const steps: Step[] = []
  let lead = ''
  for (const block of text.split(/^(?=\$ |#)/m)) {
    if (!block.startsWith('$ ')) {
      lead += block
      continue
    }
    const [head = '', ...rest] = block.split(/(?<=\n)/)
    const [theirs = '', reason, ours = ''] = rest.join('').split(/^! berthd: (.*)\n/m)
    steps.push({
      command: head.slice(2).trimEnd(),
      expected: theirs.trimEnd(),
      ours: reason === undefined ? undefined : { reason, expected: ours.trimEnd() },
      lead,
    })
    lead = ''
  }
  return steps
}

const line = (text: string): string => (text === '' ? '' : `${text}\n`)

function renderStep({ command, expected, ours, lead }: Step): string {
  const differs = ours === undefined ? '' : `! berthd: ${ours.reason}\n${line(ours.expected)}`
  return `${lead === '' ? '' : `\n${lead.trimStart()}`}$ ${command}\n${line(expected)}${differs}`
}

/** Ends what takes longer: a command that hangs is a failure with its output so far. */
const commandTimeoutMs = 90_000

function runShell(command: string, { cwd, env }: TranscriptWorld): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', `exec 2>&1; ${command}`], {
      cwd,
      env: { ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    })
    // The whole group: whoever keeps the pipe open keeps the test waiting.
    const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), commandTimeoutMs)
    let text = ''
    child.stdout.on('data', chunk => (text += chunk))
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      resolve(code === 0 ? text : `${text.trimEnd()}\n[${signal ?? code}]`)
    })
  })
}

const changing: readonly (readonly [RegExp, string])[] = [
  [/\u001b\[[0-9;?]*[A-Za-z]|\r/g, ''],
  [/\b[0-9a-f]{64}\b/g, '<id>'],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{12}\b/g, '<id>'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?[+-]\d{4} [A-Z]+|Z|[+-]\d\d:\d\d)?/g, '<time>'],
  [/\b(Less than a second|About an? (minute|hour)|\d+ (second|minute|hour|week|month|year)s?)( ago)?/g, '<time>'],
  [/\/tmp\/berth-transcripts-\w+\/cwd-\w+/g, '<cwd>'],
  [/\b(172|10|192)\.\d+\.\d+\.\d+\b/g, '<ip>'],
  [/ {2,}/g, '  '],
  [/[ \t]+$/gm, ''],
]

function settle(text: string, names: Readonly<Record<string, string>>): string {
  let settled = text
  for (const [name, word] of Object.entries(names)) settled = settled.replaceAll(name, word)
  for (const [pattern, word] of changing) settled = settled.replace(pattern, word)
  return settled.trim()
}
