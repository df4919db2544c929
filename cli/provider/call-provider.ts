import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { BerthError } from '../../schemas/errors.ts'
import type { Provider } from '../model/project.ts'
import { findProvider } from './find-provider.ts'
import { type ProviderCommand, parseMetadata, providerArguments } from './metadata.ts'

export interface ProviderCall {
  readonly projectName: string
  readonly service: string
  readonly provider: Provider
  readonly verb: ProviderCommand
  readonly env: Readonly<Record<string, string | undefined>>
  readonly onInfo: (message: string) => void
  readonly signal: AbortSignal | undefined
}

/** How much of what a program writes on stderr an error shows. */
const tailLength = 500

/** Calls a provider; answers the variables that it sets, by their names without the service's prefix. Throws what it says went wrong. */
export async function callProvider(call: ProviderCall): Promise<Readonly<Record<string, string>>> {
  const { projectName, service, provider, verb, env } = call
  const program = await findProvider(provider.type, env)
  const metadata = parseMetadata(await metadataOf(program, call))
  const child = start(program, providerArguments(projectName, service, provider, verb, metadata), call)
  let said = ''
  child.stderr.on('data', chunk => (said = `${said}${String(chunk)}`.slice(-tailLength)))
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  ended.catch(() => {})
  const variables: Record<string, string> = {}
  try {
    for await (const line of createInterface({ input: child.stdout })) take(line, variables, call.onInfo)
  } catch (error) {
    child.kill()
    await ended.catch(() => {})
    throw error
  }
  const [code, signal] = await ended
  if (code === 0) return variables
  const words = said.trim() === '' ? '' : `: ${said.trim()}`
  throw new BerthError('CONFLICT', `"${provider.type}" ended with ${signal ?? `exit status ${code}`}${words}`)
}

function take(line: string, variables: Record<string, string>, onInfo: (message: string) => void): void {
  if (line.trim() === '') return
  const { type, message } = parseLine(line)
  switch (type) {
    case 'error':
      throw new BerthError('CONFLICT', message)
    case 'info':
      onInfo(message)
      return
    case 'debug':
      return
    case 'setenv': {
      const at = message.indexOf('=')
      if (at < 1) throw invalid(message)
      variables[message.slice(0, at)] = message.slice(at + 1)
      return
    }
    default:
      throw invalid(type)
  }
}

function parseLine(line: string): { readonly type: string; readonly message: string } {
  try {
    const { type, message } = JSON.parse(line) as { readonly type?: unknown; readonly message?: unknown }
    return { type: String(type), message: String(message ?? '') }
  } catch {
    throw invalid(line)
  }
}

const invalid = (what: string): BerthError => new BerthError('CONFLICT', `invalid response from plugin: ${what}`)

/** What a program prints of itself; nothing where it does not know the question. */
async function metadataOf(program: string, call: ProviderCall): Promise<string> {
  const child = start(program, ['compose', 'metadata'], call)
  child.stderr.resume()
  let text = ''
  child.stdout.on('data', chunk => (text += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  return code === 0 ? text : ''
}

function start(program: string, args: readonly string[], { env, signal }: ProviderCall) {
  return spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], ...(signal && { signal }) })
}
