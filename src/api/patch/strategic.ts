import { goTypeOf } from '../../apimachinery/go-type.ts'
import { goText, goTextVerb } from '../../apimachinery/go-value.ts'
import { memberCopy, setMember } from '../../apimachinery/members.ts'
import { unforeseen } from '../../apimachinery/status.ts'
import { atOnce, type Steps } from '../../apimachinery/steps.ts'
import { parsePlain } from '../schema/decode.ts'
import { decodeAsMap } from '../schema/go-decode.ts'
import { objectFrom, readJson } from '../schema/json-syntax.ts'
import type { Field, StructType, Type } from '../schema/types.ts'
import { byKeyOf, type Identify, inOrder, merged, partition } from './list-order.ts'
import { badPatch, notApplicable } from './patch-error.ts'
import { directive, settledValue } from './strategic-values.ts'

/** Strategic merge patch as k8s.io/apimachinery/pkg/util/strategicpatch applies it, by the patch strategies of Go's struct tags. */

type JsonObject = Record<string, unknown>

const retainKeys = '$retainKeys'
export const orderPrefix = '$setElementOrder/'
const deletePrefix = '$deleteFromPrimitiveList/'

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads the text of a strategic merge patch. `strict` also finds duplicate members. Throws StatusError 400. */
export function parseStrategicPatch(text: string, strict: boolean): { patch: JsonObject; strictErrors: readonly string[] } {
  const plain = parsePlain(text)?.value
  if (isObject(plain)) return { patch: plain, strictErrors: [] }
  try {
    const { value, strictErrors } = decodeAsMap(readJson(text))
    return { patch: value as JsonObject, strictErrors: strict ? strictErrors : [] }
  } catch (e) {
    throw badPatch((e as Error).message)
  }
}

/** `document` of the built-in `type` after `patch`. Neither is touched; shares what does not change. Throws StatusError 400 (bad
 *  directive), 422 or 500 as kube-apiserver does. */
export const strategicMergePatch = (type: StructType, document: JsonObject, patch: JsonObject): JsonObject =>
  atOnce(strategicMergeSteps(type, document, patch))

/** So many members or items are merged in one step. */
const stepSize = 500

/** As `strategicMergePatch`, in steps. */
export function* strategicMergeSteps(type: StructType, document: JsonObject, patch: JsonObject): Steps<JsonObject> {
  return yield* mergeObject(document, patch, type)
}

function* mergeObject(original: JsonObject, patch: JsonObject, type: Type): Steps<JsonObject> {
  if (Object.hasOwn(patch, directive)) return byDirective(patch)
  const result = yield* memberCopy(original)
  const rest = yield* withoutListDirectives(result, patch, type)
  for (const [i, patchKey] of Object.keys(rest).entries()) {
    if (i % stepSize === stepSize - 1) yield
    const value = rest[patchKey]
    const deletes = patchKey.startsWith('$deleteFromPrimitiveList')
    const key = deletes ? afterSlash(patchKey, deletePrefix, 'invalid patch format of primitive list') : patchKey
    if (value === null) {
      delete result[key]
      continue
    }
    const present = Object.hasOwn(result, key)
    const current = present ? result[key] : undefined
    if (!present || jsonType(current) !== jsonType(value)) {
      if (!deletes) setOrDrop(result, key, yield* settledValue(value, true))
    } else if (isObject(value)) {
      const { field } = fieldOf(type, key)
      setMember(
        result,
        key,
        strategyOf(field) === 'replace' ? value : yield* mergeObject(current as JsonObject, value, field.type),
      )
    } else if (Array.isArray(value)) {
      const { field, element } = listFieldOf(type, key)
      const asList = strategyOf(field) === 'merge' || deletes
      const list = asList ? yield* mergeList(current as unknown[], value, element, field.patchMergeKey ?? '', deletes) : value
      setMember(result, key, list)
    } else setOrDrop(result, key, yield* settledValue(value, false))
  }
  return result
}

/** What is left of `patch` when `$retainKeys` and `$setElementOrder` have been applied to `result`. */
function* withoutListDirectives(result: JsonObject, patch: JsonObject, type: Type): Steps<JsonObject> {
  const orders = Object.keys(patch).filter((key) => key.startsWith('$setElementOrder'))
  if (orders.length === 0 && !Object.hasOwn(patch, retainKeys)) return patch
  const rest = { ...patch }
  keepOnly(result, rest)
  yield* mergeOrderedLists(result, rest, orders, type)
  return rest
}

function byDirective(patch: JsonObject): JsonObject {
  if (patch[directive] === 'delete') return {}
  if (patch[directive] === 'replace') return objectFrom(Object.entries(patch).filter(([key]) => key !== directive))
  throw unforeseen(`unknown patch type: ${goTextVerb(patch[directive])} in map: ${goText(patch)}`)
}

/** Applies `$retainKeys`: members that it does not list go. */
function keepOnly(original: JsonObject, patch: JsonObject): void {
  if (!Object.hasOwn(patch, retainKeys)) return
  const listed = patch[retainKeys]
  delete patch[retainKeys]
  const malformed = () => badPatch('invalid patch format of retainKeys')
  if (!Array.isArray(listed)) throw malformed()
  const keep = new Set<unknown>(listed)
  for (const key of Object.keys(patch)) {
    if (patch[key] === null || key.startsWith('$deleteFromPrimitiveList') || key.startsWith('$setElementOrder')) continue
    if (!keep.has(key)) throw malformed()
  }
  for (const key of Object.keys(original)) if (!keep.has(key)) delete original[key]
}

/** Applies each `$setElementOrder/<list>` with the patch of that list, and takes both out of `patch`. */
function* mergeOrderedLists(original: JsonObject, patch: JsonObject, orderKeys: readonly string[], type: Type): Steps<void> {
  for (const orderKey of orderKeys) {
    const order = patch[orderKey]
    delete patch[orderKey]
    if (!Array.isArray(order)) throw wrongType('[]interface {}', order)
    const key = afterSlash(orderKey, orderPrefix, 'invalid patch format of setElementOrder list')
    const current = listOrNone(original, key)
    const change = listOrNone(patch, key)
    const { field, element } = listFieldOf(type, key)
    const mergeKey = field.patchMergeKey ?? ''
    checkOrder(change ?? [], order, mergeKey)
    if (!current && !change) continue
    let list = current ?? ((yield* settledValue(change, false)) as unknown[])
    if (current && change) {
      list = strategyOf(field) === 'merge' ? yield* mergeList(current, change, element, mergeKey, false) : change
    }
    const isOfObjects = elementTypeOf(current ?? [], change ?? []) === 'map'
    if (isOfObjects) checkIsFoundAmong(list, order, mergeKey)
    const parts = partition(list, order, mergeKey)
    setMember(original, key, arrange(parts, order, current ?? [], isOfObjects ? mergeKey : ''))
    delete patch[key]
  }
}

function listOrNone(object: JsonObject, key: string): unknown[] | undefined {
  if (!Object.hasOwn(object, key)) return undefined
  const value = object[key]
  if (!Array.isArray(value)) throw wrongType('[]interface {}', value)
  return value
}

/** The items of a list patch must stand in the order that its `$setElementOrder` gives. */
function checkOrder(patch: readonly unknown[], order: readonly unknown[], mergeKey: string): void {
  if (order.length === 0 || patch.length === 0) return
  const keyOf = mergeKey ? requiredKey(mergeKey) : (item: unknown) => item
  const items = mergeKey ? patch.filter((item) => objectOr(item)[directive] !== 'delete') : patch
  let at = 0
  for (let i = 0; at < items.length && i < order.length; ) {
    const item = items[at]
    if (isObject(item) && Object.hasOwn(item, directive)) {
      at++
      continue
    }
    if (keyOf(item) === keyOf(order[i])) at++
    i++
  }
  if (at < items.length) {
    throw unforeseen(`The order in patch list:\n${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`)
  }
}

/** Each item is looked for in the order's items one after the other: one that is no map may not come before its own. */
function checkIsFoundAmong(items: readonly unknown[], order: readonly unknown[], mergeKey: string): void {
  const wrong = order.findIndex((item) => !isObject(item))
  if (wrong < 0) return
  const before = new Set(order.slice(0, wrong).map((item) => (item as JsonObject)[mergeKey]))
  for (const item of items) {
    if (!before.has(requiredKey(mergeKey)(item))) throw unforeseen(`value for key ${wrong} is not a map`)
  }
}

function* mergeList(
  original: readonly unknown[],
  patch: readonly unknown[],
  element: Type,
  mergeKey: string,
  deletes: boolean,
): Steps<unknown[]> {
  if (original.length === 0 && patch.length === 0) return [...original]
  if (elementTypeOf(original, patch) !== 'map') {
    if (deletes) {
      const gone = new Set(patch)
      return original.filter((item) => !gone.has(item))
    }
    const all = [...new Set([...original, ...patch])]
    return mergeKey === '' ? arrange(partition(all, patch, ''), patch, original, '') : all
  }
  if (mergeKey === '') throw unforeseen(`cannot merge lists without merge key for ${kindName(element)}`)
  const { kept, changes } = applyListDirectives(original, patch, mergeKey)
  const all = yield* mergeItems(kept, changes, element, mergeKey)
  return arrange(partition(all, changes, mergeKey), changes, kept, mergeKey)
}

/** Takes out what items with `$patch` say; `$patch: replace` anywhere in the list makes the other items the whole list. */
function applyListDirectives(original: readonly unknown[], patch: readonly unknown[], mergeKey: string) {
  const changes: JsonObject[] = []
  const gone = new Set<unknown>()
  let replaces = false
  for (const item of patch as readonly JsonObject[]) {
    if (!Object.hasOwn(item, directive)) changes.push(item)
    else if (item[directive] === 'delete') {
      if (gone.size === 0) original.forEach(objectOr)
      gone.add(requiredKey(mergeKey)(item))
    } else if (item[directive] === 'replace') replaces = true
    else if (item[directive] === 'merge') throw unforeseen('merging lists cannot yet be specified in the patch')
    else throw unforeseen(`unknown patch type: ${goTextVerb(item[directive])} in map: ${goText(item)}`)
  }
  if (replaces) return { kept: changes, changes: [] }
  const isGone = (item: JsonObject): boolean => Object.hasOwn(item, mergeKey) && gone.has(item[mergeKey])
  return { kept: gone.size === 0 ? original : original.filter((item) => !isGone(item as JsonObject)), changes }
}

function* mergeItems(
  original: readonly unknown[],
  changes: readonly JsonObject[],
  element: Type,
  mergeKey: string,
): Steps<unknown[]> {
  const all = [...original]
  const places = new Map<unknown, number>()
  all.forEach((item, i) => {
    const key = objectOr(item)[mergeKey]
    if (key !== undefined && !places.has(key)) places.set(key, i)
  })
  yield
  for (const [i, change] of changes.entries()) {
    if (i % stepSize === stepSize - 1) yield
    const key = requiredKey(mergeKey)(change)
    const place = places.get(key)
    if (place === undefined) {
      places.set(key, all.length)
      all.push(change)
    } else all[place] = yield* mergeObject(all[place] as JsonObject, change, element)
  }
  return all
}

/** Puts the patched items into the order of the patch and the others between them where the live list had them. */
function arrange(
  parts: { patched: unknown[]; others: unknown[] },
  order: readonly unknown[],
  live: readonly unknown[],
  mergeKey: string,
) {
  const identify: Identify = mergeKey ? byKeyOf(requiredKey(mergeKey)) : (item) => item
  const patched = inOrder(parts.patched, order, identify)
  return merged(inOrder(parts.others, live, identify), patched, live, identify)
}

function objectOr(item: unknown): JsonObject {
  if (!isObject(item)) throw wrongType('map[string]interface {}', item)
  return item
}

const requiredKey =
  (mergeKey: string) =>
  (item: unknown): unknown => {
    const object = objectOr(item)
    if (!Object.hasOwn(object, mergeKey)) {
      throw unforeseen(`map: ${goText(object)} does not contain declared merge key: ${mergeKey}`)
    }
    return object[mergeKey]
  }

/** Kubernetes prints the type with %s: no type is not well formed. */
const wrongType = (expected: string, actual: unknown) => {
  const type = goTypeOf(actual)
  return unforeseen(`expected a ${expected}, but received a ${type === '<nil>' ? '%!s(<nil>)' : type}`)
}

/** What Go tells types apart by when it decides whether two values can merge. */
function jsonType(value: unknown): string {
  return Array.isArray(value)
    ? 'list'
    : value === null
      ? 'null'
      : typeof value === 'object'
        ? 'map'
        : typeof value === 'bigint'
          ? 'number'
          : typeof value
}

/** The one type of all items; lists in lists and mixed lists are refused. */
function elementTypeOf(...lists: (readonly unknown[])[]): string {
  const types = new Set(lists.flat().length > 0 ? lists.flatMap((list) => list.map(jsonType)) : [])
  const [first, second] = types
  if (first === undefined) throw unforeseen('no elements in any of the given slices')
  if (first === 'list') throw notApplicable('lists of lists are not supported')
  if (second !== undefined) throw unforeseen(`list element types are not identical: ${goText(lists)}`)
  return first
}

function setOrDrop(object: JsonObject, key: string, value: unknown): void {
  if (value === undefined) delete object[key]
  else setMember(object, key, value)
}

function afterSlash(key: string, prefix: string, message: string): string {
  if (!key.startsWith(prefix)) throw badPatch(message)
  return key.slice(prefix.length)
}

/** The strategy besides retainKeys: '', 'merge' or 'replace'. */
const strategyOf = (field: Field): string => field.patchStrategy.find((s) => s !== 'retainKeys') ?? ''

const kindName = (type: Type): string => {
  if (type.kind === 'scalar')
    return ['int32', 'int64', 'float64', 'string', 'bool'].includes(type.scalar) ? type.scalar : 'struct'
  return type.kind === 'list' ? 'slice' : type.kind
}

function fieldOf(type: Type, name: string): { field: Field } {
  if (type.kind !== 'struct') {
    if (kindName(type) === 'struct') throw noField(type.goType.slice(type.goType.lastIndexOf('.') + 1), name)
    throw unforeseen(`merging an object in json but data type is not struct, instead is: ${kindName(type)}`)
  }
  const field = type.byName.get(name) ?? type.fields.find((f) => f.name.toLowerCase() === name.toLowerCase())
  if (!field) throw noField(type.name, name)
  return { field }
}

const noField = (struct: string, name: string) =>
  unforeseen(`unable to find api field in struct ${struct} for the json field ${JSON.stringify(name)}`)

function listFieldOf(type: Type, name: string): { field: Field; element: Type } {
  const { field } = fieldOf(type, name)
  if (field.type.kind === 'list') return { field, element: field.type.element }
  if (field.pointer) return { field, element: field.type }
  throw unforeseen(`expected slice or array type, but got: ${kindName(type)}`)
}
