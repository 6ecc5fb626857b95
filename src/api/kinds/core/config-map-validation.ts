import { type FieldError, forbiddenField, invalid, tooLong } from '../../../apimachinery/field-error.ts'
import type { ConfigMap } from '../../../apimachinery/kinds.generated.ts'
import { isConfigMapKey } from '../../../apimachinery/names.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { type Errors, isSame, pushInvalid } from '../errors.ts'

/** Bytes of all values of a ConfigMap or Secret. */
export const maxData = 1024 * 1024
const frozen = 'field is immutable when `immutable` is set'

/** How many bytes base64 text holds. */
export function decodedLength(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  return (base64.length / 4) * 3 - padding
}

/** So many keys are looked at in one step. */
export const keysInStep = 500

export function* validateConfigMap({ data = {}, binaryData = {} }: ConfigMap): Steps<FieldError[]> {
  const errors: Errors = []
  let size = 0
  for (const [i, key] of Object.keys(data).entries()) {
    if (i % keysInStep === keysInStep - 1) yield
    pushInvalid(errors, `data[${key}]`, key, isConfigMapKey(key))
    if (Object.hasOwn(binaryData, key)) errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'))
    size += Buffer.byteLength(data[key] ?? '')
  }
  for (const [i, key] of Object.keys(binaryData).entries()) {
    if (i % keysInStep === keysInStep - 1) yield
    pushInvalid(errors, `binaryData[${key}]`, key, isConfigMapKey(key))
    size += decodedLength(binaryData[key] ?? '')
  }
  if (size > maxData) errors.push(tooLong('[]', maxData))
  return errors
}

/** What an immutable object may not change; an empty map is another than none. */
export function validateFrozen<T extends { immutable?: boolean }>(
  object: T,
  old: T,
  fields: readonly (keyof T & string)[],
  errors: Errors,
): void {
  if (!old.immutable) return
  if (!object.immutable) errors.push(forbiddenField('immutable', frozen))
  for (const field of fields) {
    const [now, before] = [object[field], old[field]]
    if (!isSame(now, before) || (now === undefined) !== (before === undefined)) errors.push(forbiddenField(field, frozen))
  }
}

export function* validateConfigMapUpdate(map: ConfigMap, old: ConfigMap): Steps<FieldError[]> {
  const errors: Errors = []
  validateFrozen(map, old, ['data', 'binaryData'], errors)
  yield
  return [...errors, ...(yield* validateConfigMap(map))]
}
