import { parseJson, WrittenNumber } from '../../apimachinery/json.ts'
import { memberCopy, setMember } from '../../apimachinery/members.ts'
import { atOnce, type Steps } from '../../apimachinery/steps.ts'
import { decodeUntyped, parsePlain } from '../schema/decode.ts'
import { isPlainJson, isTooDeep, readJson } from '../schema/json-syntax.ts'
import { badPatch } from './patch-error.ts'
import { writtenValue } from './written.ts'

type JsonObject = Record<string, unknown>

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof WrittenNumber)

interface MergePatch {
  readonly patch: unknown
  /** The patch with numbers as they are written. */
  readonly written: unknown
  readonly strictErrors: readonly string[]
}

/** Reads the text of a merge patch. `strict` (fieldValidation Strict or Warn) also finds duplicate members. Throws StatusError 400. */
export function parseMergePatch(text: string, strict: boolean): MergePatch {
  const plain = parsePlain(text)?.value
  if (isObject(plain)) return { patch: plain, written: plain, strictErrors: [] }
  let strictErrors: readonly string[] = []
  if (strict) {
    try {
      strictErrors = decodeUntyped(text).strictErrors
    } catch (e) {
      throw badPatch(`error decoding patch: ${(e as Error).message}`)
    }
  }
  let patch: unknown
  try {
    patch = parseJson(text)
  } catch {
    throw badPatch('Invalid JSON Patch')
  }
  if ((!isObject(patch) && !Array.isArray(patch)) || isTooDeep(patch)) throw badPatch('Invalid JSON Patch')
  return { patch, written: isPlainJson(text, patch) ? patch : writtenValue(readJson(text)), strictErrors }
}

/** `document` after the RFC 7386 merge patch: objects merge, null removes, anything else replaces. Shares what does not change. */
export const mergePatch = (document: unknown, patch: unknown): unknown => atOnce(mergePatchSteps(document, patch))

/** So many members are merged in one step. */
const stepSize = 500

/** As `mergePatch`, in steps. */
export function* mergePatchSteps(document: unknown, patch: unknown): Steps<unknown> {
  if (!isObject(patch)) return isObject(document) ? patch : yield* withoutNulls(patch)
  const merged: JsonObject = isObject(document) ? yield* memberCopy(document) : {}
  for (const [i, key] of Object.keys(patch).entries()) {
    if (i % stepSize === stepSize - 1) yield
    const value = patch[key]
    if (value === null) delete merged[key]
    else if (typeof value !== 'object') setMember(merged, key, value)
    else setMember(merged, key, yield* mergePatchSteps(Object.hasOwn(merged, key) ? merged[key] : undefined, value))
  }
  return merged
}

/** evanphx/json-patch also takes nulls out of objects in new lists; the lists keep theirs. */
function* withoutNulls(value: unknown): Steps<unknown> {
  if (isObject(value)) return yield* mergePatchSteps(undefined, value)
  if (!Array.isArray(value)) return value
  const kept: unknown[] = []
  for (const [i, item] of value.entries()) {
    if (i % stepSize === stepSize - 1) yield
    kept.push(typeof item === 'object' && item !== null ? yield* withoutNulls(item) : item)
  }
  return kept
}
