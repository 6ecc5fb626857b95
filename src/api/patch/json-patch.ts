import { jsonText, parseJson, WrittenNumber } from '../../apimachinery/json.ts'
import { memberCopy, setMember } from '../../apimachinery/members.ts'
import type { StatusError } from '../../apimachinery/status.ts'
import { atOnce, type Steps } from '../../apimachinery/steps.ts'
import { parsePlain } from '../schema/decode.ts'
import { decodeAs } from '../schema/go-decode.ts'
import { isTooDeep, isTooDeepSteps, type Node, readJson } from '../schema/json-syntax.ts'
import type { ListType, ScalarType, StructType } from '../schema/types.ts'
import { copyOf } from './json-copy.ts'
import { badPatch, notApplicable, tooManyOperations } from './patch-error.ts'
import { isWrittenAs, writtenValue } from './written.ts'

/** RFC 6902 as evanphx/json-patch v4 applies it: negative indexes count from the end, `replace` of an absent member adds it. */

export interface Operation {
  readonly op?: unknown
  readonly path?: unknown
  readonly from?: unknown
  readonly value?: unknown
  /** How the value is written, where that may not be as the server writes it. */
  readonly written?: Node
}

const maxOperations = 10_000
/** Bytes that all `copy` operations of one patch may add. */
const maxCopiedBytes = 3 * 1024 * 1024
/** Small values take longer to copy than their bytes say. */
const maxCopiedValues = 100_000
const deepestPath = 10_002

/** Reads the text of a JSON patch. `strict` (fieldValidation Strict or Warn) also finds unknown and duplicate members of operations.
 *  Throws StatusError 400 (not a patch) or 413 (more than 10,000 operations). */
export function parseJsonPatch(
  text: string,
  strict: boolean,
): { operations: readonly Operation[]; strictErrors: readonly string[] } {
  const plain = plainOperations(text)
  const strictErrors = strict && !plain ? strictErrorsOf(text) : []
  const operations = plain ?? readOperations(text)
  if (operations.length > maxOperations) throw tooManyOperations(maxOperations, operations.length)
  return { operations, strictErrors }
}

/** The operations of a patch that has nothing to complain of, as nearly all have; others are read again by those who find the words for it. */
function plainOperations(text: string): Operation[] | undefined {
  const patch = parsePlain(text)?.value
  return Array.isArray(patch) && patch.every(isPlainOperation) && !escaped.test(text) ? patch : undefined
}

/** What may be written in several ways. */
const escaped = /[\\<>&\u2028\u2029]/

function isPlainOperation(operation: unknown): boolean {
  if (!isObject(operation)) return false
  for (const key in operation) {
    const isText = key === 'op' || key === 'path' || key === 'from'
    if (isText ? typeof operation[key] !== 'string' : key !== 'value') return false
  }
  return true
}

const scalar = (kind: 'string' | 'any'): ScalarType => ({
  kind: 'scalar',
  scalar: kind,
  goType: kind === 'any' ? 'interface {}' : 'string',
})
const member = (name: string, type: ScalarType) =>
  ({ name, type, pointer: false, omit: 'never', embedded: [], patchStrategy: [], patchMergeKey: undefined }) as const
const members = [
  member('op', scalar('string')),
  member('path', scalar('string')),
  member('from', scalar('string')),
  member('value', scalar('any')),
]
const operationType: StructType = {
  kind: 'struct',
  goType: 'handlers.jsonPatchOp',
  name: 'jsonPatchOp',
  path: '',
  fields: members,
  byName: new Map(members.map((m) => [m.name, m])),
}
const patchType: ListType = { kind: 'list', goType: '[]handlers.jsonPatchOp', element: operationType }

function strictErrorsOf(text: string): readonly string[] {
  try {
    return decodeAs(patchType, readJson(text)).strictErrors.map((e) => `json patch ${e}`)
  } catch (e) {
    throw badPatch(`error decoding patch: ${(e as Error).message}`)
  }
}

function readOperations(text: string): Operation[] {
  let patch: unknown
  try {
    patch = parseJson(text)
  } catch {
    throw badPatch(syntaxErrorOf(text))
  }
  if (patch === null) return []
  if (isTooDeep(patch)) throw badPatch('exceeded max depth')
  if (!Array.isArray(patch)) throw badPatch(`json: cannot unmarshal ${tokenOf(patch)} into Go value of type jsonpatch.Patch`)
  for (const operation of patch) {
    if (operation === null) continue
    if (!isObject(operation))
      throw badPatch(`json: cannot unmarshal ${tokenOf(operation)} into Go value of type jsonpatch.Operation`)
  }
  const node = readJson(text)
  const written = (i: number): Node | undefined => {
    const operation = node.kind === 'array' ? node.items[i] : undefined
    return operation?.kind === 'object' ? operation.entries.findLast(([key]) => key === 'value')?.[1] : undefined
  }
  return patch.map((operation: Operation | null, i) => ({ ...operation, ...asWritten(written(i)) }))
}

const asWritten = (written: Node | undefined): { written?: Node } => (written ? { written } : {})

function syntaxErrorOf(text: string): string {
  try {
    readJson(text)
  } catch (e) {
    return (e as Error).message
  }
  return 'unexpected end of JSON input'
}

const tokenOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : value === null ? 'null' : typeof value
}

type Container = Record<string, unknown> | unknown[]
const isObject = (value: unknown): value is Record<string, unknown> => isContainer(value) && !Array.isArray(value)
const isContainer = (value: unknown): value is Container =>
  typeof value === 'object' && value !== null && !(value instanceof WrittenNumber)

/** The operations with numbers in their values as they are written. */
export const withWritten = (operations: readonly Operation[]): readonly Operation[] =>
  operations.map((operation) => (operation.written ? { ...operation, value: writtenValue(operation.written) } : operation))

/** `document` with the operations applied in order, all or none; `document` itself is not touched. Throws StatusError 422, whose
 *  `cause` says which operation failed and why. */
export const jsonPatch = (document: unknown, operations: readonly Operation[]): unknown =>
  atOnce(jsonPatchSteps(document, operations))

/** So many operations are done in one step. */
const stepOperations = 16

/** As `jsonPatch`, of which many operations take several turns of the event loop. */
export function* jsonPatchSteps(document: unknown, operations: readonly Operation[]): Steps<unknown> {
  const run = new Patching(document)
  for (const [i, operation] of operations.entries()) {
    if (i % stepOperations === stepOperations - 1) yield
    yield* run.apply(operation)
  }
  yield
  // Copies of what holds them nest without any deep text being sent.
  if (operations.some(mayNest) && (yield* isTooDeepSteps(run.root))) throw notApplicable('exceeded max depth')
  return run.root
}

/** Whether an operation may put something into what holds something. */
const mayNest = ({ op, value }: Operation): boolean => op === 'move' || op === 'copy' || isContainer(value)

class Patching {
  root: unknown
  /** Containers made by this patch: they may be changed in place. */
  private readonly own = new WeakSet<object>()
  private copied = 0
  private copiedValues = 0

  constructor(document: unknown) {
    this.root = document
  }

  *apply(operation: Operation): Steps<void> {
    const kind = operation.op
    switch (kind) {
      case 'add':
        yield* this.add(kind, pathOf(kind, operation), operation.value ?? null)
        break
      case 'remove':
        yield* this.remove(kind, pathOf(kind, operation))
        break
      case 'replace':
        yield* this.replace(pathOf(kind, operation), operation.value ?? null)
        break
      case 'move':
        yield* this.move(operation)
        break
      case 'copy':
        yield* this.copy(operation)
        break
      case 'test':
        yield* this.test(pathOf(kind, operation), operation)
        break
      default:
        throw notApplicable(`Unexpected kind: ${typeof kind === 'string' ? kind : 'unknown'}`)
    }
  }

  private *add(op: string, path: string, value: unknown): Steps<void> {
    const place = yield* this.find(path, true)
    const missing = op === 'add' ? `path: "${path}"` : `destination path: ${path}`
    if (!place) throw notApplicable(`${op} operation does not apply: doc is missing ${missing}: missing value`)
    const { container, key } = place
    if (!Array.isArray(container)) setMember(container, key, value)
    else if (key === '-') container.push(value)
    else {
      const prefix = op === 'copy' ? 'error while adding value during copy' : `error in ${op} for path: '${path}'`
      container.splice(indexOf(key, container.length + 1, prefix), 0, value)
    }
  }

  private *remove(op: string, path: string): Steps<void> {
    const place = yield* this.find(path, true)
    if (!place) throw notApplicable(`${op} operation does not apply: doc is missing path: "${path}": missing value`)
    const { container, key } = place
    const prefix = `error in ${op} for path: '${op === 'move' ? key : path}'`
    if (Array.isArray(container)) {
      container.splice(indexOf(key, container.length, prefix), 1)
      return
    }
    if (!Object.hasOwn(container, key)) {
      throw notApplicable(`${prefix}: Unable to remove nonexistent key: ${key}: missing value`)
    }
    delete container[key]
  }

  private *replace(path: string, value: unknown): Steps<void> {
    if (path === '') {
      if (!isContainer(value)) throw notApplicable('replace operation value must be object or array')
      this.root = value
      return
    }
    const place = yield* this.find(path, true)
    if (!place) throw notApplicable(`replace operation does not apply: doc is missing path: ${path}: missing value`)
    const { container, key } = place
    if (!Array.isArray(container)) setMember(container, key, value)
    else container[indexOf(key, container.length, `replace operation does not apply: doc is missing key: ${path}`)] = value
  }

  private *move(operation: Operation): Steps<void> {
    const value = yield* this.valueAt(operation, 'move')
    yield* this.remove('move', String(operation.from))
    yield* this.add('move', pathOf('move', operation), value)
  }

  private *copy(operation: Operation): Steps<void> {
    const value = yield* this.valueAt(operation, 'copy')
    const path = pathOf('copy', operation)
    if (yield* isTooDeepSteps(value)) throw notApplicable('exceeded max depth')
    const copy = yield* copyOf(value)
    this.copied += copy.bytes
    this.copiedValues += copy.values
    if (this.copied > maxCopiedBytes || this.copiedValues > maxCopiedValues) {
      throw notApplicable(
        `Unable to complete the copy, the accumulated size increase of copy is ${this.copied}, exceeding the limit ${maxCopiedBytes}`,
      )
    }
    yield* this.add('copy', path, copy.value)
  }

  private *valueAt(operation: Operation, op: string): Steps<unknown> {
    const { from } = operation
    if (typeof from !== 'string')
      throw notApplicable(`${op} operation failed to decode from: operation, missing from field: missing value`)
    const place = yield* this.find(from, false)
    if (!place) throw notApplicable(`${op} operation does not apply: doc is missing from path: ${from}: missing value`)
    const prefix = op === 'copy' ? `error in copy for from: '${from}'` : `error in ${op} for path: '${place.key}'`
    return memberOf(place.container, place.key, prefix) ?? null
  }

  private *test(path: string, { value = null, written }: Operation): Steps<void> {
    const place = path === '' ? undefined : yield* this.find(path, false)
    if (path !== '' && !place) throw notApplicable(`test operation does not apply: is missing path: ${path}: missing value`)
    const found = place ? memberOf(place.container, place.key, `error in test for path: '${path}'`) : this.root
    const holds = written ? isWrittenAs(found ?? null, written) : isEqual(found ?? null, value)
    if (!holds) throw notApplicable(`testing value ${path} failed: test failed`)
  }

  /** The container that the last part of `path` is in, made changeable when `toChange`; undefined when the path leads nowhere. */
  private *find(path: string, toChange: boolean): Steps<{ container: Container; key: string } | undefined> {
    // No document goes deeper.
    const parts = path.split('/', deepestPath).slice(1).map(unescaped)
    const key = parts.pop()
    if (key === undefined) return undefined
    if (toChange) this.root = yield* this.owned(this.root)
    let container = this.root
    for (const part of parts) {
      if (!isContainer(container)) return undefined
      const next = stepInto(container, part)
      if (!next) return undefined
      let inner = next.value
      if (toChange && isContainer(inner)) {
        const mine = yield* this.owned(inner)
        if (mine !== inner) setAt(container, next.key, mine)
        inner = mine
      }
      container = inner
    }
    return isContainer(container) ? { container, key } : undefined
  }

  private *owned(value: unknown): Steps<unknown> {
    if (!isContainer(value) || this.own.has(value)) return value
    const copy = Array.isArray(value) ? [...(value as unknown[])] : yield* memberCopy(value)
    this.own.add(copy)
    return copy
  }
}

const unescaped = (part: string): string => part.replace(/~1/g, '/').replace(/~0/g, '~')

function pathOf(op: string, { path }: Operation): string {
  if (typeof path !== 'string') throw notApplicable(`${op} operation failed to decode path: missing value`)
  return path
}

function stepInto(container: Container, part: string): { key: string | number; value: unknown } | undefined {
  if (!Array.isArray(container)) return Object.hasOwn(container, part) ? { key: part, value: container[part] } : undefined
  let index: number
  try {
    index = indexOf(part, container.length, '')
  } catch {
    return undefined
  }
  return { key: index, value: container[index] }
}

function memberOf(container: Container, key: string, failure: string): unknown {
  if (Array.isArray(container)) return container[indexOf(key, container.length, failure)]
  return Object.hasOwn(container, key) ? container[key] : undefined
}

function setAt(container: Container, key: string | number, value: unknown): void {
  if (Array.isArray(container)) container[Number(key)] = value
  else setMember(container, String(key), value)
}

/** The index that `key` names in a list of `length`; throws 422 `failure: …` when it names none. */
function indexOf(key: string, length: number, failure: string): number {
  const fail = (why: string): StatusError => notApplicable(`${failure}: ${why}`)
  if (!/^[+-]?\d+$/.test(key)) throw fail(`strconv.Atoi: parsing ${jsonText(key)}: invalid syntax`)
  const index = Number(key)
  if (index >= length || index < -length) throw fail(`Unable to access invalid index: ${key}: invalid index referenced`)
  return index < 0 ? index + length : index
}

/** Whether two JSON values are equal. */
function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => isEqual(item, b[i]))
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]))
}
