import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAddress } from '../../../cli/client/address.ts'
import { inspectContainer } from '../../../cli/client/containers.ts'
import { createClient } from '../../../cli/client/create-client.ts'
import type { EngineClient } from '../../../cli/client/engine-client.ts'
import type { ContainerInspect } from '../../../schemas/api/containers.ts'
import { type CommandResult, runCommandLine } from '../../support/command-line.ts'
import type { Engine } from '../../support/engines.ts'

/** A folder with a stack file, and the command line run in it as a user would. `IMAGE` in a file stands for the engine's image. */
export class Stack implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'berth-stack-'))
  readonly #engine: Engine
  readonly #client: Promise<EngineClient>

  constructor(engine: Engine, file: string) {
    this.#engine = engine
    this.#client = parseAddress(engine.host, {}).then(createClient)
    this.write(file)
  }

  write(file: string): void {
    this.writeFile('stack.yaml', file.replaceAll('IMAGE', JSON.stringify(this.#engine.image)))
  }

  writeFile(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text)
  }

  run(argv: readonly string[], signal?: AbortSignal): Promise<CommandResult> {
    const env = { BERTH_HOST: this.#engine.host, HOME: this.folder, PATH: process.env.PATH ?? '' }
    return runCommandLine(['--progress', 'plain', ...argv], { cwd: this.folder, env, ...(signal && { signal }) })
  }

  /** The same, and it must go well. */
  async ok(...argv: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(argv)
    if (code !== 0) throw new Error(`berth ${argv.join(' ')}: exit code ${code}\n${stderr}${stdout}`)
    return stdout
  }

  async inspect(container: string): Promise<ContainerInspect> {
    return inspectContainer(await this.#client, container)
  }

  /** Container name -> state, of every container of the stack. */
  async states(): Promise<Readonly<Record<string, string>>> {
    const lines = (await this.ok('ps', '-a', '--format', 'json')).split('\n').filter(line => line !== '')
    const rows = lines.flatMap(line => JSON.parse(line) as { readonly Name: string; readonly State: string })
    return Object.fromEntries(rows.map(({ Name, State }) => [Name, State]).sort())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run(['down', '-t', '0', '-v', '--remove-orphans'])
    ;(await this.#client).close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
