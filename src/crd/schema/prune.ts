import { isSmall } from '../../apimachinery/json-size.ts'
import { setMember } from '../../apimachinery/members.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { changedItems, changedMembers } from './changes.ts'
import { isJsonArray, isJsonObject, type Json, type JsonObject } from './json-schema.ts'
import { asResourceRoot, type SchemaNode } from './node.ts'

const META_FIELDS = new Set(['apiVersion', 'kind', 'metadata'])

/** `value` without what its schema does not know, and the paths of what was left out, sorted. Shares what is unchanged. */
export function prune(value: Json, node: SchemaNode, isResourceRoot: boolean): { value: Json; unknown: string[] } {
  const pruner = new Pruner()
  const pruned = pruner.prune(value, isResourceRoot ? asResourceRoot(node) : node, '')
  return { value: pruned, unknown: pruner.unknown.sort() }
}

/** As `prune`, in steps. */
export function* pruneSteps(value: Json, node: SchemaNode, isResourceRoot: boolean): Steps<{ value: Json; unknown: string[] }> {
  const pruner = new Pruner()
  const pruned = yield* pruner.pruneSteps(value, isResourceRoot ? asResourceRoot(node) : node, '')
  yield
  return { value: pruned, unknown: pruner.unknown.sort() }
}

class Pruner {
  readonly unknown: string[] = []

  prune(value: Json, node: SchemaNode | undefined, path: string): Json {
    if (node?.preserve) return this.pruneInside(value, node, path)
    if (isJsonArray(value)) return this.items(value, (item, at) => this.prune(item, node?.items, at), path)
    return isJsonObject(value) ? this.object(value, node, path) : value
  }

  *pruneSteps(value: Json, node: SchemaNode | undefined, path: string): Steps<Json> {
    if (node?.preserve || isSmall(value)) return this.prune(value, node, path)
    if (isJsonArray(value)) {
      return yield* changedItems(value, (item, i) => this.pruneSteps(item, node?.items, `${path}[${i}]`))
    }
    if (!isJsonObject(value)) return value
    const of = (key: string, inner: Json) => this.memberSteps(key, inner, node, path)
    return yield* changedMembers(value, of)
  }

  private *memberSteps(key: string, value: Json, node: SchemaNode | undefined, path: string): Steps<Json | undefined> {
    if (node?.embedded && META_FIELDS.has(key)) return value
    const child = this.known(key, node, path)
    return child === undefined ? undefined : yield* this.pruneSteps(value, child ?? undefined, below(path, key))
  }

  /** What is known of a member: undefined is told to be unknown, null may be anything. */
  private known(key: string, node: SchemaNode | undefined, path: string): SchemaNode | null | undefined {
    const child = node?.properties.get(key)
    if (child !== undefined) return child
    if (node?.additional !== undefined) return typeof node.additional === 'object' ? node.additional : null
    if (node === undefined || !META_FIELDS.has(key) || path !== '') this.unknown.push(below(path, key))
    return undefined
  }

  private object(object: JsonObject, node: SchemaNode | undefined, path: string): JsonObject {
    const changes = new Map<string, Json | undefined>()
    for (const key of Object.keys(object)) {
      const value = object[key] as Json
      if (node?.embedded && META_FIELDS.has(key)) continue
      const child = this.known(key, node, path)
      if (child === undefined) {
        changes.set(key, undefined)
        continue
      }
      const pruned = this.prune(value, child ?? undefined, below(path, key))
      if (pruned !== value) changes.set(key, pruned)
    }
    return withChanges(object, changes)
  }

  /** Inside of x-kubernetes-preserve-unknown-fields only what the schema speaks of is looked at. */
  private pruneInside(value: Json, node: SchemaNode, path: string): Json {
    if (isJsonArray(value)) {
      return this.items(value, (item, at) => (node.items === undefined ? item : this.pruneInside(item, node.items, at)), path)
    }
    if (!isJsonObject(value)) return value
    const changes = new Map<string, Json | undefined>()
    for (const key of Object.keys(value)) {
      if (node.embedded && META_FIELDS.has(key)) continue
      const child = node.properties.get(key) ?? (typeof node.additional === 'object' ? node.additional : undefined)
      if (child === undefined) continue
      const pruned = this.prune(value[key] as Json, child, below(path, key))
      if (pruned !== value[key]) changes.set(key, pruned)
    }
    return withChanges(value, changes)
  }

  private items(list: readonly Json[], prune: (item: Json, path: string) => Json, path: string): readonly Json[] {
    const pruned = list.map((item, i) => prune(item, `${path}[${i}]`))
    return pruned.every((item, i) => item === list[i]) ? list : pruned
  }
}

const below = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

/** A copy of `object` with some fields replaced, or (undefined) left out; `object` itself when there are none. */
export function withChanges(object: JsonObject, changes: ReadonlyMap<string, Json | undefined>): JsonObject {
  if (changes.size === 0) return object
  const result: Record<string, Json> = {}
  for (const key of Object.keys(object)) {
    const value = changes.has(key) ? changes.get(key) : object[key]
    if (value !== undefined) setMember(result, key, value)
  }
  for (const [key, value] of changes) if (value !== undefined && !Object.hasOwn(object, key)) setMember(result, key, value)
  return result
}
