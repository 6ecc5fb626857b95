import type { CelType } from './types.ts'

/** What goes wrong while an expression runs. `&&`, `||`, `all` and `exists` may absorb it. */
export class CelError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CelError'
  }
}

/** The evaluation used more than its cost limit. Never absorbed. */
export class CostLimitExceeded extends Error {
  constructor() {
    super('operation cancelled: actual cost limit exceeded')
    this.name = 'CostLimitExceeded'
  }
}

export const noSuchOverload = (): CelError => new CelError('no such overload')

/** A CEL int: a number while it is a safe integer, else a bigint. Always in that canonical form, so `===` compares. */
export type CelInt = number | bigint

export class CelUint {
  readonly value: bigint
  constructor(value: bigint) {
    this.value = value
  }
}

export class CelDouble {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}

export class CelDuration {
  readonly nanos: bigint
  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

export class CelTimestamp {
  /** Whole seconds since 1970, rounded down. */
  readonly seconds: number
  /** 0 to 999,999,999. */
  readonly nanos: number
  constructor(seconds: number, nanos: number) {
    this.seconds = seconds
    this.nanos = nanos
  }
}

export class CelOptional {
  static readonly none: CelOptional = new CelOptional(undefined)
  /** undefined: no value. */
  readonly value: Value | undefined
  constructor(value: Value | undefined) {
    this.value = value
  }
}

export abstract class CelList {
  abstract readonly size: number
  /** The element at `index`, which the caller has checked. */
  abstract at(index: number): Value
  /** Lists with other equality (Kubernetes sets and maps) override these two. */
  equals(other: CelList, equals: (a: Value, b: Value) => boolean): boolean {
    if (this.size !== other.size) return false
    for (let i = 0; i < this.size; i++) if (!equals(this.at(i), other.at(i))) return false
    return true
  }
  plus(other: CelList): CelList {
    return new ArrayList([...listItems(this), ...listItems(other)])
  }
}

export class ArrayList extends CelList {
  readonly items: readonly Value[]
  constructor(items: readonly Value[]) {
    super()
    this.items = items
  }
  get size(): number {
    return this.items.length
  }
  at(index: number): Value {
    return this.items[index] as Value
  }
  override plus(other: CelList): CelList {
    return new ArrayList(this.items.concat(listItems(other)))
  }
}

export function listItems(list: CelList): readonly Value[] {
  return list instanceof ArrayList ? list.items : Array.from({ length: list.size }, (_, i) => list.at(i))
}

export abstract class CelMap {
  abstract readonly size: number
  abstract get(key: Value): Value | undefined
  abstract keys(): readonly Value[]
  has(key: Value): boolean {
    return this.get(key) !== undefined
  }
}

/** What a map is keyed by: numbers that are equal in CEL (1, 1u, 1.0) are one key. undefined: matches no key. */
export function mapKey(key: Value): string | boolean | number | bigint | null | undefined {
  if (key === null) return null
  if (typeof key !== 'object') return key
  if (key instanceof CelUint) return fromBigint(key.value)
  if (key instanceof CelDouble && Number.isInteger(key.value)) return fromBigint(BigInt(key.value))
  return undefined
}

const fromBigint = (value: bigint): number | bigint =>
  value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value

export class LiteralMap extends CelMap {
  private readonly entries: ReadonlyMap<unknown, readonly [Value, Value]>
  constructor(entries: ReadonlyMap<unknown, readonly [Value, Value]>) {
    super()
    this.entries = entries
  }
  static from(pairs: Iterable<readonly [Value, Value]>): LiteralMap {
    return new LiteralMap(new Map(Array.from(pairs, (pair) => [mapKey(pair[0]), pair])))
  }
  get size(): number {
    return this.entries.size
  }
  get(key: Value): Value | undefined {
    const normal = mapKey(key)
    return normal === undefined ? undefined : this.entries.get(normal)?.[1]
  }
  keys(): readonly Value[] {
    return Array.from(this.entries.values(), (pair) => pair[0])
  }
}

/** An object with declared fields. */
export abstract class CelStruct {
  abstract readonly type: CelType
  /** undefined: the field is declared (or unknown) and has no value. */
  abstract get(field: string): Value | undefined
  abstract fields(): readonly string[]
}

/** A value that expressions can only hand to functions: an IP, a quantity, an authorizer. */
export abstract class CelOpaque {
  abstract readonly type: CelType
  abstract equals(other: CelOpaque): boolean
  /** What size-based costs count. */
  get costSize(): number {
    return 1
  }
}

export type Value =
  | null
  | boolean
  | CelInt
  | string
  | Uint8Array
  | CelUint
  | CelDouble
  | CelDuration
  | CelTimestamp
  | CelOptional
  | CelList
  | CelMap
  | CelStruct
  | CelOpaque
  | CelType
