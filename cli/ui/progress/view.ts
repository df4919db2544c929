import type { ProgressEvent } from '../../apply/progress.ts'

/** Something that shows progress. `stop` puts the terminal back as it was; calling it twice does no harm. */
export interface ProgressView {
  show(event: ProgressEvent): void
  stop(): void
}
