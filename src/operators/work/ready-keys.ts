/** Keys that are ready to be worked on: the highest priority first, among equals first come, first served. A key is in it at most once. */
export class ReadyKeys {
  /** Each priority's keys in order of arrival; `#priorities` says in which lane a key is. */
  readonly #lanes = new Map<number, Set<string>>()
  readonly #priorities = new Map<string, number>()

  get size(): number {
    return this.#priorities.size
  }

  priorityOf(key: string): number | undefined {
    return this.#priorities.get(key)
  }

  /** The key must not be in it. */
  push(key: string, priority: number): void {
    const lane = this.#lanes.get(priority)
    if (lane) lane.add(key)
    else this.#lanes.set(priority, new Set([key]))
    this.#priorities.set(key, priority)
  }

  drop(key: string, priority: number): void {
    const lane = this.#lanes.get(priority)
    lane?.delete(key)
    if (lane?.size === 0) this.#lanes.delete(priority)
    this.#priorities.delete(key)
  }

  /** Takes the first. */
  pop(): { readonly key: string; readonly priority: number } | undefined {
    if (this.#lanes.size === 0) return undefined
    const priority = this.#lanes.size === 1 ? (this.#lanes.keys().next().value as number) : Math.max(...this.#lanes.keys())
    const key = this.#lanes.get(priority)?.values().next().value as string
    this.drop(key, priority)
    return { key, priority }
  }
}
