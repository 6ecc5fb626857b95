import { CelList, type Value } from './values.ts'

/** A list whose items become values when they are asked for. */
export class LazyList<T> extends CelList {
  readonly #items: readonly T[]
  readonly #convert: (item: T) => Value
  constructor(items: readonly T[], convert: (item: T) => Value) {
    super()
    this.#items = items
    this.#convert = convert
  }
  get size(): number {
    return this.#items.length
  }
  at(index: number): Value {
    return this.#convert(this.#items[index] as T)
  }
}
