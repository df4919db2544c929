/** Runs tasks of one key one after another, and different keys side by side: the single writer of each container. */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<unknown>>()

  /** Resolves or rejects as `task` does, once the key's earlier tasks have ended (however they did). */
  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const former = this.#tails.get(key)
    const result = former === undefined ? task() : former.then(task, task)
    const tail: Promise<void> = result.then(
      () => this.#forget(key, tail),
      () => this.#forget(key, tail),
    )
    this.#tails.set(key, tail)
    return result
  }

  /** Resolves when no task is left. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values())
  }

  #forget(key: string, tail: Promise<unknown>): void {
    if (this.#tails.get(key) === tail) this.#tails.delete(key)
  }
}
