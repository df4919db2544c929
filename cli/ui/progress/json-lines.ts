import type { ProgressLine } from '../../../schemas/output/progress.ts'
import { rowTitle } from './board.ts'
import type { ProgressView } from './view.ts'

/** Progress for programs: one JSON object per line, schema in schemas/output/progress.ts. */
export function jsonLines(write: (text: string) => void): ProgressView {
  const line = (value: ProgressLine) => write(`${JSON.stringify(value)}\n`)
  return {
    show(event) {
      switch (event.kind) {
        case 'plan':
          return
        case 'warning':
          line({ level: 'warning', message: event.message })
          return
        case 'resource':
          line({
            id: rowTitle(event),
            resource: event.resource,
            name: event.name,
            status: event.text,
            state: event.state,
            ...(event.id === undefined ? {} : { containerId: event.id }),
            ...(event.service === undefined ? {} : { service: event.service }),
            ...(event.detail === undefined ? {} : { details: event.detail }),
          })
          return
        default:
          throw event satisfies never
      }
    },
    stop() {},
  }
}
