import { goTypeOf } from '../../../apimachinery/go-type.ts'
import { isInt64, WholeFloat } from '../../../apimachinery/json.ts'
import { sameJson } from '../../../apimachinery/same-json.ts'
import { equals } from '../../cel/equality.ts'
import { parseDuration, parseTimestamp } from '../../cel/library/time-text.ts'
import { opaqueType } from '../../cel/types.ts'
import { CelDouble, CelError, CelList, CelMap, CelOpaque, listItems, type Value } from '../../cel/values.ts'
import { isJsonArray, isJsonObject, type Json, type JsonObject, own } from '../json-schema.ts'
import type { SchemaNode } from '../node.ts'
import { withObjectMeta } from './declaration.ts'
import { escapeName, unescapeName } from './escape.ts'

/** `value` as rules see it. Lists and objects are wrapped, their parts converted when they are asked for. */
export function adapt(value: Json, node: SchemaNode): Value {
  if (value === null) {
    if (node.nullable) return null
    throw new CelError('invalid data, got null for schema with nullable=false')
  }
  if (node.intOrString) {
    if (typeof value === 'string' || isInt64(value)) return value
    throw new CelError('invalid data, expected XIntOrString value to be either a string or integer')
  }
  switch (node.schema.type) {
    case 'object':
      if (!isJsonObject(value)) throw new CelError('invalid data, expected a map for the provided schema with type=object')
      return new SchemaMap(value, node.embedded ? withObjectMeta(node) : node)
    case 'array':
      return adaptList(value, node)
    case 'string':
      return adaptString(value, node)
    case 'number':
      if (typeof value !== 'number' && typeof value !== 'bigint' && !(value instanceof WholeFloat))
        throw new CelError(`invalid data, expected float, got ${goTypeOf(value)}`)
      return new CelDouble(Number(value))
    case 'integer':
      if (!isInt64(value)) throw new CelError(`invalid data, expected int, got ${goTypeOf(value)}`)
      return value
    case 'boolean':
      if (typeof value !== 'boolean') throw new CelError(`invalid data, expected bool, got ${goTypeOf(value)}`)
      return value
    default:
      if (node.preserve) return new Preserved(value)
      throw new CelError('invalid type, expected object, array, number, integer, boolean or string')
  }
}

function adaptList(value: Json, node: SchemaNode): Value {
  if (!isJsonArray(value)) throw new CelError('invalid data, expected an array for the provided schema with type=array')
  const { items } = node
  if (items === undefined) throw new CelError('invalid array type, expected Items with a non-empty Schema')
  if (node.listType === 'set') return new SchemaSet(value, items)
  return node.listType === 'map' ? new KeyedList(value, items, node.listMapKeys) : new SchemaList(value, items)
}

function adaptString(value: Json, node: SchemaNode): Value {
  if (typeof value !== 'string') throw new CelError(`invalid data, expected string, got ${goTypeOf(value)}`)
  switch (node.schema.format) {
    case 'duration':
      return parseDuration(value) ?? fail(`Invalid duration ${value}`)
    case 'date':
      return parseTimestamp(`${value}T00:00:00Z`) ?? fail(`Invalid date formatted string ${value}`)
    case 'date-time':
      return parseTimestamp(value.replace('t', 'T').replace('z', 'Z')) ?? fail(`Invalid date-time formatted string ${value}`)
    case 'byte':
      return Buffer.from(value, 'base64')
    default:
      return value
  }
}

function fail(message: string): never {
  throw new CelError(message)
}

class SchemaList extends CelList {
  protected readonly raw: readonly Json[]
  protected readonly items: SchemaNode
  constructor(raw: readonly Json[], items: SchemaNode) {
    super()
    this.raw = raw
    this.items = items
  }
  get size(): number {
    return this.raw.length
  }
  at(index: number): Value {
    return adapt(this.raw[index] as Json, this.items)
  }
}

/** A list of type set: its order does not count. */
class SchemaSet extends SchemaList {
  override equals(other: CelList): boolean {
    return this.size === other.size && listItems(other).every((item) => includes(this, item))
  }
  override plus(other: CelList): CelList {
    return new Joined([...listItems(this), ...listItems(other).filter((item) => !includes(this, item))], (list) =>
      this.equals(list),
    )
  }
}

const includes = (list: CelList, item: Value): boolean => listItems(list).some((own) => equals(own, item))

/** A list of type map: items are found by their keys, and their order does not count. */
class KeyedList extends SchemaList {
  private readonly keys: readonly string[]
  constructor(raw: readonly Json[], items: SchemaNode, keys: readonly string[]) {
    super(raw, items)
    this.keys = keys.map((key) => escapeName(key) ?? key)
  }
  private same(a: Value, b: Value): boolean {
    return a instanceof CelMap && b instanceof CelMap && this.keys.every((key) => sameOptional(a.get(key), b.get(key)))
  }
  override equals(other: CelList): boolean {
    const mine = listItems(this)
    return (
      this.size === other.size && listItems(other).every((item) => mine.some((own) => this.same(own, item) && equals(own, item)))
    )
  }
  override plus(other: CelList): CelList {
    const merged = [...listItems(this)]
    for (const item of listItems(other)) {
      const place = merged.findIndex((own) => this.same(own, item))
      if (place === -1) merged.push(item)
      else merged[place] = item
    }
    return new Joined(merged, undefined)
  }
}

function sameOptional(a: Value | undefined, b: Value | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equals(a, b)
}

/** What adding to a set or keyed list makes. */
class Joined extends CelList {
  private readonly values: readonly Value[]
  private readonly compare: ((other: CelList) => boolean) | undefined
  constructor(values: readonly Value[], compare: ((other: CelList) => boolean) | undefined) {
    super()
    this.values = values
    this.compare = compare
  }
  get size(): number {
    return this.values.length
  }
  at(index: number): Value {
    return this.values[index] as Value
  }
  override equals(other: CelList): boolean {
    if (this.compare === undefined) return super.equals(other, equals)
    return this.size === other.size && listItems(other).every((item) => includes(this, item))
  }
}

/** An object with properties (whose names are escaped) or a map with additionalProperties. */
class SchemaMap extends CelMap {
  private readonly raw: JsonObject
  private readonly node: SchemaNode
  private readonly hasProperties: boolean
  constructor(raw: JsonObject, node: SchemaNode) {
    super()
    this.raw = raw
    this.node = node
    this.hasProperties = node.properties.size > 0
  }
  get size(): number {
    return Object.keys(this.raw).length
  }
  get(key: Value): Value | undefined {
    if (typeof key !== 'string') return undefined
    const name = this.hasProperties ? unescapeName(key) : key
    if (name === undefined) return undefined
    const value = own(this.raw, name)
    const child = this.child(name)
    if (value === undefined || child === undefined || (this.hasProperties && value === null)) return undefined
    return adapt(value, child)
  }
  private child(name: string): SchemaNode | undefined {
    if (this.hasProperties) return this.node.properties.get(name)
    return typeof this.node.additional === 'object' ? this.node.additional : undefined
  }
  keys(): readonly Value[] {
    const known = Object.keys(this.raw).filter((name) => this.child(name) !== undefined)
    return this.hasProperties ? known.map((name) => escapeName(name) ?? name) : known
  }
}

const UNKNOWN_TYPE = opaqueType('unknown')

/** Data that no schema describes: it can only be compared. */
class Preserved extends CelOpaque {
  readonly type = UNKNOWN_TYPE
  private readonly raw: Json
  constructor(raw: Json) {
    super()
    this.raw = raw
  }
  equals(other: CelOpaque): boolean {
    return other instanceof Preserved && sameJson(this.raw, other.raw)
  }
}
