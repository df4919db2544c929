import { BerthError } from '../../schemas/errors.ts'
import type { LoadedStack, LoadOptions } from './load-options.ts'

/**
 * Finds, reads and checks the stack files and builds the project. A user's mistakes come back as diagnostics (all of them at once),
 * never as an exception; see `load-options.ts` for what goes in and out.
 */
export async function loadProject(_options: LoadOptions): Promise<LoadedStack> {
  throw new BerthError('NOT_IMPLEMENTED', 'the loader is not wired yet')
}
