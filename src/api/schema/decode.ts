import { typedNumber, WholeFloat } from '../../apimachinery/json.ts'
import { isSmall } from '../../apimachinery/json-size.ts'
import { setMember } from '../../apimachinery/members.ts'
import { atOnce, inTurns, type Steps } from '../../apimachinery/steps.ts'
import { canonical } from './canonical.ts'
import { canonicalSteps } from './canonical-steps.ts'
import { convertTo } from './go-convert.ts'
import { DecodeError, decodeAs, decodeAsMap, type Found } from './go-decode.ts'
import { isPlainJson, JsonSyntaxError, type Node, nodeOf, readJson } from './json-syntax.ts'
import { plainJsonSteps } from './plain-json.ts'
import { isObject, Misfit } from './scalars.ts'
import type { StructType, Type } from './types.ts'

export { asStored, asWritten, canonical, hasEmpties, markEmpties } from './canonical.ts'
export { canonicalSteps } from './canonical-steps.ts'
export { DecodeError } from './go-decode.ts'

export type JsonObject = Record<string, unknown>

export interface Decoded<T = JsonObject> {
  /** Canonical: as Go would write it again. Fresh where it differs from the input. */
  readonly value: T
  /** In the order that strict decoding reports them, e.g. `unknown field "spec.x"`, `duplicate field "metadata.name"`. At most 100. */
  readonly strictErrors: readonly string[]
}

const none: readonly string[] = []

/** Shorter texts are converted at once, whatever is in them. */
const largeText = 16 * 1024

/** Reads a JSON body as a `type`. Unknown fields are dropped and told of in `strictErrors`, as duplicates are.
 *  Throws DecodeError with Go's message, for bad syntax too (`invalid character …`). */
export const decodeText = (type: StructType, text: string): Decoded => atOnce(decodeTextSteps(type, text))

/** As `decodeText`; what of a large text does not fit takes several turns of the event loop. */
export function* decodeTextSteps(type: StructType, text: string): Steps<Decoded> {
  const plain = parsePlain(text)
  if (plain !== undefined) {
    const value = text.length < largeText ? fits(type, plain.value) : yield* fitsSteps(type, plain.value)
    if (value !== undefined) return { value, strictErrors: none }
    yield
  }
  const node = parseNode(text)
  yield
  const found = decodeAs(type, node)
  yield
  return settle(type, found)
}

/** Reads a parsed value (YAML, the result of a JSON or merge patch, a webhook's answer) as a `type`; otherwise as `decodeText`. */
export function decodeValue(type: StructType, value: unknown): Decoded {
  const fitting = fits(type, value)
  return fitting !== undefined ? { value: fitting, strictErrors: none } : settle(type, decodeAs(type, nodeOf(value)))
}

/** As `decodeValue`, of a value that may have `WrittenNumber`s. */
export const decodeWritten = (type: StructType, value: unknown): Decoded => settle(type, decodeAs(type, nodeOf(value)))

/** Reads the result of a strategic merge patch or of apply as a `type`: apimachinery's unstructured converter has other messages. */
export function decodePatched(type: StructType, value: unknown): Decoded {
  const fitting = fits(type, value)
  return fitting !== undefined ? { value: fitting, strictErrors: none } : settle(type, convertTo(type, value))
}

/** As `decodePatched`, in steps. */
export function* decodePatchedSteps(type: StructType, value: unknown): Steps<Decoded> {
  const fitting = yield* fitsSteps(type, value)
  if (fitting !== undefined) return { value: fitting, strictErrors: none }
  const found = convertTo(type, value)
  yield
  return settle(type, found)
}

/** As `decodeValue`, in steps. */
export function* decodeValueSteps(type: StructType, value: unknown): Steps<Decoded> {
  const fitting = yield* fitsSteps(type, value)
  if (fitting !== undefined) return { value: fitting, strictErrors: none }
  const ready: Ready = new Map()
  const node = nodeOf(isObject(value) ? yield* lightened(type, value as JsonObject, ready) : value)
  yield
  const found = decodeAs(type, node)
  putBack(found.value as JsonObject, ready)
  yield
  return { value: (yield* canonicalSteps(type, found.value ?? {})) as JsonObject, strictErrors: found.strictErrors }
}

/** Large members that fit, by name; below structs that do not, all the way down. */
type Ready = Map<string, { readonly fitting: unknown } | Ready>

/** `from` with null for what is large and has no mistake in it, or is unknown and will be dropped: the decoder need not read that. */
function* lightened(type: StructType, from: JsonObject, ready: Ready): Steps<JsonObject> {
  const light: JsonObject = {}
  for (const key of Object.keys(from)) {
    const inner = from[key]
    const field = type.byName.get(key)
    let read = inner
    if (!isSmall(inner)) {
      yield
      const fitting = field && (yield* fitsSteps(field.type, inner))
      if (!field || fitting !== undefined) read = null
      if (fitting !== undefined) ready.set(key, { fitting })
      else if (field?.type.kind === 'struct' && isObject(inner)) {
        const below: Ready = new Map()
        read = yield* lightened(field.type, inner as JsonObject, below)
        ready.set(key, below)
      }
    }
    setMember(light, key, read)
  }
  return light
}

function putBack(decoded: JsonObject, ready: Ready): void {
  for (const [key, known] of ready) {
    if (known instanceof Map) putBack(decoded[key] as JsonObject, known)
    else decoded[key] = known.fitting
  }
}

/** Reads a JSON object without a type: custom resources, patches. Only duplicates are strict errors. Throws DecodeError. */
export const decodeUntyped = (text: string): Decoded => atOnce(decodeUntypedSteps(text))

/** As `decodeUntyped`, of a large text in several turns of the event loop. */
export function* decodeUntypedSteps(text: string, ofNumber?: (source: string) => unknown): Steps<Decoded> {
  const plain = parsePlain(text)
  if (plain !== undefined && typeof plain.value === 'object' && plain.value !== null && !Array.isArray(plain.value)) {
    return { value: plain.value as JsonObject, strictErrors: none }
  }
  const node = parseNode(text)
  yield
  const { value, strictErrors } = decodeAsMap(node, ofNumber)
  return { value: value as JsonObject, strictErrors }
}

/** As `decodeUntypedSteps`, with float64 told from int64; `isTyped` when there is a `WholeFloat` in it. */
export function* decodeTypedSteps(text: string): Steps<Decoded & { readonly isTyped: boolean }> {
  let isTyped = false
  const ofNumber = (source: string): unknown => {
    const number = typedNumber(source)
    if (number instanceof WholeFloat) isTyped = true
    return number
  }
  const decoded = yield* decodeUntypedSteps(text, ofNumber)
  return { ...decoded, isTyped }
}

/** The text of the answer for strict errors: `strict decoding error: unknown field "spec.x", duplicate field "spec.y"`. */
export function strictMessage(errors: readonly string[]): string {
  return `strict decoding error: ${errors.join(', ')}`
}

/** apiVersion and kind of a JSON body, before its type is known. Throws DecodeError as the server's recognizing decoder does. */
export function readTypeMeta(text: string): { apiVersion: string; kind: string } {
  const wrap = (message: string) => new DecodeError(`couldn't get version/kind; json parse error: ${message}`)
  const plain = parsePlain(text)
  peeked = { text, plain }
  const meta = { apiVersion: '', kind: '' }
  if (plain?.value === null) return meta
  if (plain && typeof plain.value === 'object' && !Array.isArray(plain.value)) {
    const { apiVersion = '', kind = '' } = plain.value as JsonObject
    if (typeof apiVersion === 'string' && typeof kind === 'string') return { apiVersion, kind }
  }
  try {
    const node = parseNode(text)
    peeked = { text, plain, node }
    if (node.kind !== 'object') {
      throw new DecodeError(
        `json: cannot unmarshal ${node.kind} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
      )
    }
    for (const [key, value] of node.entries) {
      if (key !== 'apiVersion' && key !== 'kind') continue
      if (value.kind === 'string') meta[key] = value.value
      else if (value.kind !== 'null')
        throw new DecodeError(`json: cannot unmarshal ${value.kind} into Go struct field .${key} of type string`)
    }
    return meta
  } catch (e) {
    throw wrap((e as Error).message)
  }
}

interface Peeked {
  readonly text: string
  /** undefined: it is not plain. */
  readonly plain: { readonly value: unknown } | undefined
  readonly node?: Node
}

/** What `readTypeMeta` parsed last: the body is decoded after that, once. */
let peeked: Peeked | undefined

const ahead = new WeakMap<Uint8Array, Peeked>()

/** Parses a large body before anyone asks what it is, in as many turns of the event loop as that needs. */
export async function parseAhead(bytes: Uint8Array, text: string): Promise<void> {
  ahead.set(bytes, { text, plain: await inTurns(plainJsonSteps(text)) })
}

/** Whether a body was parsed ahead and is plain JSON. */
export const isPlainAhead = (bytes: Uint8Array): boolean => ahead.get(bytes)?.plain !== undefined

/** The text of a body that was parsed ahead, which `readTypeMeta` and `decodeText` do not parse again, once. */
export function textAhead(bytes: Uint8Array): string | undefined {
  const known = ahead.get(bytes)
  if (!known) return undefined
  ahead.delete(bytes)
  peeked = known
  return known.text
}

/** The value when JSON.parse tells the whole truth about `text`. */
export function parsePlain(text: string): { value: unknown } | undefined {
  const known = peeked
  peeked = undefined
  if (known?.text === text) {
    // Whoever reads on will want it.
    if (known.node) peeked = known
    return known.plain
  }
  try {
    const value: unknown = JSON.parse(text)
    return isPlainJson(text, value) ? { value } : undefined
  } catch {
    return undefined
  }
}

function parseNode(text: string): Node {
  const known = peeked
  peeked = undefined
  if (known?.node && known.text === text) return known.node
  try {
    return readJson(text)
  } catch (e) {
    if (e instanceof JsonSyntaxError) throw new DecodeError(e.message)
    throw e
  }
}

function fits(type: Type, value: unknown): JsonObject | undefined {
  try {
    return canonical(type, value) as JsonObject
  } catch (e) {
    if (e instanceof Misfit) return undefined
    throw e
  }
}

function* fitsSteps(type: Type, value: unknown): Steps<JsonObject | undefined> {
  try {
    return (yield* canonicalSteps(type, value)) as JsonObject
  } catch (e) {
    if (e instanceof Misfit) return undefined
    throw e
  }
}

function settle(type: StructType, found: Found): Decoded {
  return { value: canonical(type, found.value ?? {}) as JsonObject, strictErrors: found.strictErrors }
}
