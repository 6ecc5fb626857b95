import { jsonText } from '../../apimachinery/json.ts'
import { sameJson } from '../../apimachinery/same-json.ts'
import { isJsonArray, isJsonObject, type Json, own } from './json-schema.ts'
import { fieldNode, type SchemaNode } from './node.ts'

/** A value beside the one it replaces, where list and map types tell which that is. Remembers what was compared. */
export class Correlation {
  readonly value: Json
  readonly old: Json
  private readonly node: SchemaNode
  private readonly children = new Map<string | number, Correlation | undefined>()
  private equal: boolean | undefined

  constructor(value: Json, old: Json, node: SchemaNode) {
    this.value = value
    this.old = old
    this.node = node
  }

  /** Whether nothing changed, as Kubernetes tells it: what the schema says nothing of counts as changed. */
  isUnchanged(): boolean {
    this.equal ??= this.compare()
    return this.equal
  }

  private compare(): boolean {
    const { value, old } = this
    if (isJsonArray(value)) return isJsonArray(old) && value.length === old.length && this.compareItems(value)
    if (!isJsonObject(value) || !isJsonObject(old)) return sameJson(value, old)
    const keys = Object.keys(value)
    return keys.length === Object.keys(old).length && keys.every((key) => this.field(key)?.isUnchanged() ?? false)
  }

  private compareItems(list: readonly Json[]): boolean {
    const isKeyed = this.node.listType === 'map' && this.node.items !== undefined
    return isKeyed ? list.every((_item, i) => this.item(i)?.isUnchanged() ?? false) : sameJson(list, this.old)
  }

  /** undefined: there was no such field before, or the schema says nothing of it. */
  field(name: string): Correlation | undefined {
    if (!this.children.has(name)) this.children.set(name, this.correlateField(name))
    return this.children.get(name)
  }

  private correlateField(name: string): Correlation | undefined {
    const child = fieldNode(this.node, name)
    if (child === undefined || !isJsonObject(this.value) || !isJsonObject(this.old)) return undefined
    const [value, old] = [own(this.value, name), own(this.old, name)]
    return value === undefined || old === undefined ? undefined : new Correlation(value, old, child)
  }

  /** Only items of lists of type map are correlated, by their keys. */
  item(index: number): Correlation | undefined {
    if (!this.children.has(index)) this.children.set(index, this.correlateItem(index))
    return this.children.get(index)
  }

  private correlateItem(index: number): Correlation | undefined {
    const { items } = this.node
    if (items === undefined || !isJsonArray(this.value)) return undefined
    const old = findByKeys(this.node, this.old, this.value[index] as Json)
    return old === undefined ? undefined : new Correlation(this.value[index] as Json, old, items)
  }
}

/** The item of `list` that has the same keys as `item`, if `node` is a list of type map. */
export function findByKeys(node: SchemaNode, list: Json | undefined, item: Json): Json | undefined {
  if (node.listType !== 'map' || !isJsonArray(list)) return undefined
  const key = compositeKey(node.listMapKeys, item)
  return key === undefined ? undefined : itemsByKeys(node, list).get(key)
}

const known = new WeakMap<SchemaNode, WeakMap<readonly Json[], ReadonlyMap<string, Json>>>()

/** The items of a list by their keys, the first of equal ones: each item of a new list asks for its old one. Lists never change. */
function itemsByKeys(node: SchemaNode, list: readonly Json[]): ReadonlyMap<string, Json> {
  const ofNode = known.get(node) ?? new WeakMap<readonly Json[], ReadonlyMap<string, Json>>()
  known.set(node, ofNode)
  const found = ofNode.get(list)
  if (found) return found
  const items = new Map<string, Json>()
  for (const item of list) {
    const key = compositeKey(node.listMapKeys, item)
    if (key !== undefined && !items.has(key)) items.set(key, item)
  }
  ofNode.set(list, items)
  return items
}

function compositeKey(keys: readonly string[], item: Json): string | undefined {
  if (!isJsonObject(item) || keys.length === 0) return undefined
  const values = keys.map((key) => own(item, key))
  if (values.some((value) => value === undefined || value === null || typeof value === 'object')) return undefined
  return jsonText(values)
}
