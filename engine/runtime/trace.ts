import { AsyncLocalStorage } from 'node:async_hooks'
import type { TraceStage } from '../../schemas/api/berth.ts'
import type { Stamp } from '../../schemas/runtime/frame.ts'

/** Nanoseconds of the clock that the native processes stamp with. */
export const monotonicNs = (): number => Number(process.hrtime.bigint())

const current = new AsyncLocalStorage<Trace>()

/** The trace that the calling task belongs to; undefined nearly always. */
export function currentTrace(): Trace | undefined {
  const trace = current.getStore()
  return trace?.isOver ? undefined : trace
}

/** Notes that the engine has ended a stage of its own. */
export const markStage = (stage: string): void => currentTrace()?.mark(stage)

/** The stages of one start or stop, noted by everything that `during` runs, in this process and in the native ones that it asks. */
export class Trace {
  readonly #began = monotonicNs()
  readonly #stages: TraceStage[] = []
  #marked = this.#began
  isOver = false

  during<T>(work: () => Promise<T>): Promise<T> {
    return current.run(this, work)
  }

  /** A stage of the engine, since its former one. */
  mark(stage: string): void {
    const now = monotonicNs()
    this.#add('engine', stage, this.#marked, now)
    this.#marked = now
  }

  /** What a native process stamped into its answer, with the way there (when it was asked by us) and the way back. */
  addStamps(process: TraceStage['Process'], stamps: readonly Stamp[], sentNs?: number): void {
    let last = sentNs
    let by = process
    for (const [stage, at] of stamps) {
      if (last !== undefined) this.#add(by, stage, last, at)
      last = at
      // The monitor's stamps of a start have those of the runtime between these two.
      if (stage === 'parse') by = 'runtime'
      else if (stage === 'running') by = process
    }
    if (last !== undefined) this.#add('engine', `hears ${process}`, last, monotonicNs())
  }

  /** Ends it: whatever still runs in it notes nothing more. */
  finish(): { readonly microseconds: number; readonly stages: readonly TraceStage[] } {
    this.mark('state and events')
    this.isOver = true
    const stages = this.#stages.sort((a, b) => a.At - b.At)
    return { microseconds: microseconds(this.#marked - this.#began), stages }
  }

  #add(process: TraceStage['Process'], stage: string, from: number, to: number): void {
    const at = microseconds(from - this.#began)
    this.#stages.push({ Process: process, Stage: stage, At: at, Microseconds: microseconds(to - from) })
  }
}

const microseconds = (nanoseconds: number): number => Math.round(nanoseconds / 100) / 10
