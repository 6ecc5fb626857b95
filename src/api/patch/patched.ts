import { jsonTypeOf } from '../../apimachinery/go-type.ts'
import { goText } from '../../apimachinery/go-value.ts'
import { jsonText, typedNumber, WholeFloat } from '../../apimachinery/json.ts'
import { isSmall } from '../../apimachinery/json-size.ts'
import { alphabetical } from '../../apimachinery/key-order.ts'
import { parseApiVersion } from '../../apimachinery/resource.ts'
import { badRequest, type StatusError } from '../../apimachinery/status.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import {
  type Decoded,
  DecodeError,
  decodePatched,
  decodePatchedSteps,
  decodeValue,
  decodeValueSteps,
  decodeWritten,
  strictMessage,
} from '../schema/decode.ts'
import { decodeAsMap } from '../schema/go-decode.ts'
import { objectFrom, readJson } from '../schema/json-syntax.ts'
import { kindProblem } from '../schema/schemes.ts'
import { type StructType, typeOf } from '../schema/types.ts'
import { jsonPatchSteps, parseJsonPatch, withWritten } from './json-patch.ts'
import { mergePatchSteps, parseMergePatch } from './merge-patch.ts'
import { badPatch, invalidPatched } from './patch-error.ts'
import { inShownOrder, touchedByMerge, touchedByOperations } from './shown-order.ts'
import { orderPrefix, parseStrategicPatch, strategicMergeSteps } from './strategic.ts'
import { hasWritten } from './written.ts'

type JsonObject = Record<string, unknown>

export type PatchKind = 'json' | 'merge' | 'strategic'
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

/** A patch, parsed once; a write that lost a race applies it again to the newer document. */
export interface ParsedPatch {
  readonly kind: PatchKind
  /** Duplicate members of the patch itself; empty under `Ignore`. */
  readonly strictErrors: readonly string[]
  /** Whether numbers of the patched document may be `WrittenNumber`s. */
  readonly isWritten: boolean
  /** The patched document, not yet read as its kind, with numbers as they are written. Throws StatusError. */
  readonly applyTo: (type: StructType | undefined, document: JsonObject) => Steps<unknown>
  /** `patched` with its members in the order in which the server writes them before it reads them. */
  readonly ordered: (patched: unknown) => unknown
  /** The text that a refusal shows of `patched`. */
  readonly shown: (patched: unknown) => Steps<string>
}

/** Parses the text of a patch request. Throws StatusError 400 or 413. */
export function parsePatch(kind: PatchKind, text: string, validation: FieldValidation): ParsedPatch {
  const strict = validation !== 'Ignore'
  if (kind === 'json') {
    const { operations, strictErrors } = parseJsonPatch(text, strict)
    const written = withWritten(operations)
    const isWritten = written.some((operation) => hasWritten(operation.value))
    const applyTo: ParsedPatch['applyTo'] = (_type, document) => jsonPatchSteps(document, written)
    const ordered = (patched: unknown) => inShownOrder(patched, touchedByOperations(operations))
    return { kind, strictErrors, isWritten, applyTo, ordered, shown: (patched) => asJson(ordered(patched)) }
  }
  if (kind === 'merge') {
    const { patch, written, strictErrors } = parseMergePatch(text, strict)
    const applyTo: ParsedPatch['applyTo'] = function* (_type, document) {
      yield
      return yield* mergePatchSteps(document, written)
    }
    const shown = (patched: unknown) => asJson(inShownOrder(patched, touchedByMerge(patch)))
    return { kind, strictErrors, isWritten: written !== patch, applyTo, ordered: alphabetical, shown }
  }
  const { patch, strictErrors } = parseStrategicPatch(text, strict)
  const applyTo: ParsedPatch['applyTo'] = function* (type, document) {
    yield
    if (!type) throw badPatch('strategic merge patch format is not supported')
    return yield* strategicMergeSteps(type, document, patch)
  }
  return {
    kind,
    strictErrors,
    isWritten: false,
    applyTo,
    ordered: (patched) => patched,
    *shown() {
      yield
      return goText(withoutApplied(typed(text)))
    },
  }
}

export interface Patched {
  /** Canonical (for a built-in kind). */
  readonly value: JsonObject
  /** What the answer warns of; empty unless fieldValidation is `Warn`. */
  readonly warnings: readonly string[]
}

/** A patch with float64 told from int64, as they are shown. */
const typed = (text: string): unknown => decodeAsMap(readJson(text), typedNumber).value

/** A strategic merge patch as Go has it when it was merged: what its directives said is taken out of it, and lists whose order was said. */
function withoutApplied(patch: unknown): unknown {
  if (Array.isArray(patch)) return patch.map(withoutApplied)
  if (typeof patch !== 'object' || patch === null || patch instanceof WholeFloat) return patch
  const members = patch as Record<string, unknown>
  const isReplaced = members.$patch === 'replace'
  const kept = Object.entries(members).filter(([key]) => {
    if (isReplaced) return key !== '$patch'
    return key !== '$retainKeys' && !key.startsWith(orderPrefix) && !Object.hasOwn(members, `${orderPrefix}${key}`)
  })
  return objectFrom(kept.map(([key, value]) => [key, isReplaced ? value : withoutApplied(value)] as const))
}

/** Go has the patched document as a map, whose members it writes in alphabetical order. */
function* asJson(patched: unknown): Steps<string> {
  if (typeof patched !== 'object' || patched === null || Array.isArray(patched)) return jsonText(patched)
  const entries = Object.entries(patched).sort(([a], [b]) => (a < b ? -1 : 1))
  const members: string[] = []
  for (const [key, value] of entries) {
    if (!isSmall(value)) yield
    const text = jsonText(value)
    if (text !== undefined) members.push(`${jsonText(key)}:${text}`)
  }
  return `{${members.join(',')}}`
}

/** Applies `patch` to a document of a built-in `type` and reads the result back. Throws StatusError: what the patch throws, and 422
 *  when the result cannot be read as its kind or, under `Strict`, has unknown or duplicate fields, or when the patch changes the kind. */
export function* patchBuiltIn(
  type: StructType,
  patch: ParsedPatch,
  document: JsonObject,
  validation: FieldValidation,
  isLarge = true,
): Steps<Patched> {
  const patched = yield* patch.applyTo(type, document)
  if (patch.kind !== 'strategic') yield* checkKind(document, patched, patch)
  const itself = calledAs(document, patched)
  const readAll = function* (): Steps<Decoded> {
    yield
    if (patch.kind === 'strategic') return isLarge ? yield* decodePatchedSteps(type, itself) : decodePatched(type, itself)
    const read = patch.isWritten ? inOne(decodeWritten) : isLarge ? decodeValueSteps : inOne(decodeValue)
    return yield* orderly(type, patch, itself, read)
  }
  const { value, strictErrors } = yield* attemptPatched(patch, patched, readAll())
  return { value, warnings: yield* settleStrict(patch, patched, strictErrors, validation) }
}

/** `decode` in one step. */
const inOne = (decode: typeof decodeValue): typeof decodeValueSteps =>
  function* (type, value) {
    yield
    return decode(type, value)
  }

/** Reads a patched document; when there is more than one mistake, in the order in which the server wrote it. */
function* orderly(type: StructType, patch: ParsedPatch, patched: unknown, read: typeof decodeValueSteps): Steps<Decoded> {
  try {
    const decoded = yield* read(type, patched)
    if (decoded.strictErrors.length < 2) return decoded
  } catch (e) {
    if (!(e instanceof DecodeError)) throw e
  }
  yield
  return yield* read(type, patch.ordered(patched))
}

/** Reads the result of a patch. Throws 422 when it is nothing of its kind. */
export function* attemptPatched<T>(patch: ParsedPatch, patched: unknown, read: Steps<T>): Steps<T> {
  try {
    return yield* read
  } catch (e) {
    if (e instanceof DecodeError) throw yield* refusal(patch, patched, e.message)
    throw e
  }
}

/** The text of a large document takes long to write, and again to quote. */
function* refusal(patch: ParsedPatch, patched: unknown, message: string): Steps<StatusError> {
  yield
  const shown = yield* patch.shown(patched)
  yield
  const error = invalidPatched(shown, message)
  yield
  return error
}

/** `patched` with the kind and the version of the document, whatever text it calls itself. */
function calledAs(document: JsonObject, patched: unknown): unknown {
  if (typeof patched !== 'object' || patched === null || Array.isArray(patched)) return patched
  const { apiVersion = '', kind = '' } = patched as JsonObject
  if (apiVersion === document.apiVersion && kind === document.kind) return patched
  const areTexts = [apiVersion, kind].every((text) => typeof text === 'string' || text === null)
  return areTexts ? { ...patched, apiVersion: document.apiVersion, kind: document.kind } : patched
}

/** What a JSON or merge patch made must call itself of its kind, of any version; it is looked at before the rest is read. */
function* checkKind(document: JsonObject, patched: unknown, patch: ParsedPatch): Steps<void> {
  const { apiVersion, kind } = (patched ?? {}) as JsonObject
  if (apiVersion === document.apiVersion && kind === document.kind) return
  const own = { ...parseApiVersion(String(document.apiVersion)), kind: String(document.kind) }
  for (const [field, value] of Object.entries({ apiVersion, kind })) {
    if (typeof value === 'string' || value === undefined || value === null) continue
    const why = `json: cannot unmarshal ${jsonTypeOf(value)} into Go struct field .${field} of type string`
    throw yield* refusal(patch, patched, `couldn't get version/kind; json parse error: ${why}`)
  }
  const text = (apiVersion ?? '') as string
  // Without a version it is read as what the server has inside, whose fields have other names.
  if (text === '' || text === `${own.group}/`) {
    const { name } = (document.metadata ?? {}) as { name?: string }
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)
  }
  const problem = kindProblem(text, (kind as string | undefined) || own.kind, own)
  if (problem === undefined) return
  // What is another kind is read as such, before it is seen that it is none of ours.
  const { group, version } = parseApiVersion(text)
  const other = typeOf(group, version, (kind as string | undefined) || own.kind)
  if (other) yield* attemptPatched(patch, patched, inOne(decodeValue)(other, patched))
  throw yield* refusal(patch, patched, problem)
}

/** The warnings for the strict errors of `patch` and of what it made; under `Strict` throws StatusError 422 if there are any. For
 *  custom resources, whose unknown fields their own schema finds. */
export function* settleStrict(
  patch: ParsedPatch,
  patched: unknown,
  strictErrors: readonly string[],
  validation: FieldValidation,
): Steps<readonly string[]> {
  const errors = validation === 'Ignore' ? [] : [...patch.strictErrors, ...strictErrors]
  if (errors.length > 0 && validation === 'Strict') throw yield* refusal(patch, patched, strictMessage(errors))
  return errors
}
