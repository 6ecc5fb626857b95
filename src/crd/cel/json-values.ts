import { int64, WholeFloat } from '../../apimachinery/json.ts'
import { LazyList } from './lazy-list.ts'
import {
  CelDouble,
  CelDuration,
  CelError,
  CelList,
  CelMap,
  CelOptional,
  CelStruct,
  CelTimestamp,
  CelUint,
  listItems,
  type Value,
} from './values.ts'

/** JSON as an expression sees it when no schema says what it is. Parts are converted when they are asked for. */
export function fromJson(value: unknown): Value {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isSafeInteger(value) ? value : new CelDouble(value)
    case 'bigint':
      return value
    case 'object':
      if (value === null) return null
      if (value instanceof WholeFloat) return new CelDouble(Number(value))
      return Array.isArray(value) ? new LazyList(value, fromJson) : new JsonMap(value as Record<string, unknown>)
    default:
      return null
  }
}

class JsonMap extends CelMap {
  readonly #entries: Record<string, unknown>
  constructor(entries: Record<string, unknown>) {
    super()
    this.#entries = entries
  }
  get size(): number {
    return this.keys().length
  }
  get(key: Value): Value | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.#entries, key)) return undefined
    const value = this.#entries[key]
    return value === undefined ? undefined : fromJson(value)
  }
  keys(): readonly Value[] {
    return Object.keys(this.#entries).filter((key) => this.#entries[key] !== undefined)
  }
}

/** What an expression made, as JSON. Throws CelError for what JSON can't say. */
export function toJson(value: Value): unknown {
  if (value === null || typeof value !== 'object') return value
  if (value instanceof CelUint) return int64(value.value) ?? Number(value.value)
  if (value instanceof CelDouble) return value.value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof CelOptional) return value.value === undefined ? null : toJson(value.value)
  if (value instanceof CelList) return listItems(value).map(toJson)
  if (value instanceof CelMap) return mapToJson(value)
  if (value instanceof CelStruct) {
    return Object.fromEntries(value.fields().map((field) => [field, toJson(value.get(field) ?? null)]))
  }
  if (value instanceof CelTimestamp) return new Date(value.seconds * 1000 + value.nanos / 1e6).toISOString().replace('.000Z', 'Z')
  if (value instanceof CelDuration) return `${Number(value.nanos) / 1e9}s`
  throw new CelError('unsupported conversion to JSON')
}

function mapToJson(map: CelMap): Record<string, unknown> {
  const entries = map.keys().map((key): [string, unknown] => {
    if (typeof key !== 'string') throw new CelError('map keys must be strings to become JSON')
    return [key, toJson(map.get(key) ?? null)]
  })
  return Object.fromEntries(entries)
}
