import { isBuildOutput } from '../../apply/progress.ts'
import { sanitizeLine } from '../sanitize.ts'
import type { Style } from '../style.ts'
import { rowTitle } from './board.ts'
import type { ProgressView } from './view.ts'

/**
 * Progress for files and pipes: ` Container web-1  Started`, one line per event, in the words and form of `docker compose --progress plain`.
 * What builds say is no progress but output, as in Compose: it goes to `writeOutput`, each line with its service in front.
 */
export function plainLines(
  write: (text: string) => void,
  writeOutput: (text: string) => void,
  style: Style,
): ProgressView {
  const last = new Map<string, string>()
  return {
    show(event) {
      switch (event.kind) {
        case 'plan':
          return
        case 'warning':
          write(`${style.yellow('warning:')} ${sanitizeLine(event.message)}\n`)
          return
        case 'resource': {
          const said = event.detail === undefined ? '' : sanitizeLine(event.detail)
          if (isBuildOutput(event)) {
            writeOutput(`[${sanitizeLine(event.service ?? event.name)}] ${said}\n`)
            return
          }
          const detail = said === '' ? '' : `  ${said}`
          const line = ` ${sanitizeLine(rowTitle(event))}  ${event.text}${detail}\n`
          // Several operations on one thing may end the same way, as when all are skipped for one reason.
          if (last.get(rowTitle(event)) !== line) write(line)
          last.set(rowTitle(event), line)
          return
        }
        default:
          throw event satisfies never
      }
    },
    stop() {},
  }
}
