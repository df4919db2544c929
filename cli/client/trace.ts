import type { LifeTrace } from '../../schemas/api/berth.ts'
import type { EngineClient } from './engine-client.ts'
import { readJsonLines } from './json-lines.ts'

/** Resolves when the engine traces every start and stop; ends with `signal`. Of berthd alone: another engine answers 404. */
export async function openTraces(client: EngineClient, signal: AbortSignal): Promise<AsyncGenerator<LifeTrace>> {
  const { body } = await client.stream({ method: 'GET', path: '/berth/v1/trace', signal })
  return readJsonLines<LifeTrace>(body)
}
