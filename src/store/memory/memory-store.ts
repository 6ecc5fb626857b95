import type { Engine, Table } from '../mvcc/engine.ts'
import { type MvccOptions, MvccStore } from '../mvcc/mvcc-store.ts'
import type { Store } from '../store.ts'

/** An ordered table in memory: a sorted array of keys (as latin1, which orders like bytes) beside a map. */
class MemoryTable implements Table {
  readonly #keys: string[] = []
  readonly #values = new Map<string, Buffer>()
  bytes = 0

  get(key: Buffer): Buffer | undefined {
    return this.#values.get(key.toString('latin1'))
  }

  *range(start: Buffer, end: Buffer, options: { readonly reverse?: boolean } = {}): Iterable<{ key: Buffer; value: Buffer }> {
    const [from, until] = [this.#indexOf(start.toString('latin1')), this.#indexOf(end.toString('latin1'))]
    if (options.reverse) {
      yield* this.#backwards(from, until)
      return
    }
    for (const key of this.#keys.slice(from, until)) {
      const value = this.#values.get(key)
      if (value) yield { key: Buffer.from(key, 'latin1'), value }
    }
  }

  /** Copies nothing: who reads backwards wants the last ones. */
  *#backwards(from: number, until: number): Iterable<{ key: Buffer; value: Buffer }> {
    for (let i = until - 1; i >= from; i--) {
      const key = this.#keys[i] ?? ''
      const value = this.#values.get(key)
      if (value) yield { key: Buffer.from(key, 'latin1'), value }
    }
  }

  count(start: Buffer, end: Buffer): number {
    return this.#indexOf(end.toString('latin1')) - this.#indexOf(start.toString('latin1'))
  }

  put(key: Buffer, value: Buffer): void {
    const text = key.toString('latin1')
    const old = this.#values.get(text)
    if (old === undefined) {
      const last = this.#keys.at(-1)
      if (last === undefined || last < text) this.#keys.push(text)
      else this.#keys.splice(this.#indexOf(text), 0, text)
    }
    this.#values.set(text, Buffer.from(value))
    this.bytes += value.length - (old?.length ?? 0)
  }

  remove(key: Buffer): void {
    const text = key.toString('latin1')
    this.bytes -= this.#values.get(text)?.length ?? 0
    if (this.#values.delete(text)) this.#keys.splice(this.#indexOf(text), 1)
  }

  /** The index of the first key that is not less than `text`. */
  #indexOf(text: string): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#keys[middle] ?? '') < text) low = middle + 1
      else high = middle
    }
    return low
  }
}

function memoryEngine(): Engine {
  const log = new MemoryTable()
  return {
    live: new MemoryTable(),
    dead: new MemoryTable(),
    log,
    meta: new MemoryTable(),
    // The revision layer checks before it writes, so a transaction needs no undo here.
    async write(change) {
      change()
    },
    logBytes: () => log.bytes,
    async close() {},
  }
}

/** A store that forgets everything with its process: for tests and `slipway dev`. */
export function createMemoryStore(options: MvccOptions = {}): Store {
  return new MvccStore(memoryEngine(), options)
}
