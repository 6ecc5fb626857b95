// .Values: a map with the methods of Helm's common.Values, over the very map that .Values.AsMap gives.
import { FunctionError } from '../gotemplate/run.ts'
import { isMap, type MethodTable, TypedMap, type Value, type ValueMap } from '../gotemplate/value.ts'
import { toYaml } from '../yaml/emit.ts'

export class ValuesMap extends TypedMap {
  private readonly inner: ValueMap

  constructor(inner: ValueMap) {
    super('common.Values', [], methodsOf(inner))
    this.inner = inner
  }

  override get assigned(): ValueMap {
    return this.inner
  }
  override get size(): number {
    return this.inner.size
  }
  override get(key: string): Value {
    return this.inner.get(key)
  }
  override has(key: string): boolean {
    return this.inner.has(key)
  }
  override set(key: string, value: Value): this {
    this.inner.set(key, value)
    return this
  }
  override delete(key: string): boolean {
    return this.inner.delete(key)
  }
  override clear(): void {
    this.inner.clear()
  }
  override keys(): MapIterator<string> {
    return this.inner.keys()
  }
  override values(): MapIterator<Value> {
    return this.inner.values()
  }
  override entries(): MapIterator<[string, Value]> {
    return this.inner.entries()
  }
  override [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.inner[Symbol.iterator]()
  }
  override forEach(f: (value: Value, key: string, map: Map<string, Value>) => void): void {
    this.inner.forEach(f)
  }
}

function methodsOf(inner: ValueMap): MethodTable {
  const method = (params: readonly string[], call: (...args: string[]) => Value) => ({ params, variadic: false, call })
  return {
    AsMap: method([], () => inner),
    YAML: method([], () => toYaml(inner)),
    Table: method(['string'], (path = '') => new ValuesMap(tableAt(inner, path.split('.')))),
    PathValue: method(['string'], (path = '') => pathValue(inner, path)),
  }
}

function tableAt(m: ValueMap, names: readonly string[]): ValueMap {
  let at = m
  for (const name of names) {
    const next = at.get(name)
    if (!isMap(next)) throw new FunctionError(`${JSON.stringify(name)} is not a table`)
    at = next
  }
  return at
}

function pathValue(m: ValueMap, path: string): Value {
  if (path === '') throw new FunctionError('YAML path cannot be empty')
  const names = path.split('.')
  const key = names.at(-1) as string
  const missing = new FunctionError(`${JSON.stringify(key)} is not a value`)
  let table: ValueMap
  try {
    table = tableAt(m, names.slice(0, -1))
  } catch {
    throw missing
  }
  const v = table.get(key)
  if (!table.has(key) || (isMap(v) && !(v instanceof TypedMap))) throw missing
  return v
}
