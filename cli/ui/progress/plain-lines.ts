import { sanitizeLine } from '../sanitize.ts'
import type { Style } from '../style.ts'
import { rowTitle } from './board.ts'
import type { ProgressView } from './view.ts'

/** Progress for files and pipes: ` Container web-1  Started`, one line per event, in the words and form of `docker compose --progress plain`. */
export function plainLines(write: (text: string) => void, style: Style): ProgressView {
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
          const detail = event.detail === undefined ? '' : `  ${sanitizeLine(event.detail)}`
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
