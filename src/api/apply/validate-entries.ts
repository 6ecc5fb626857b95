import { type FieldError, invalid, tooLong } from '../../apimachinery/field-error.ts'
import type { ManagedFieldsEntry } from '../../apimachinery/object.ts'

const maxManagerBytes = 128
const maxSubresourceBytes = 256

/** What is wrong with metadata.managedFields as a client sends it; `path` is `metadata.managedFields`. */
export function validateEntries(entries: readonly ManagedFieldsEntry[], path: string): FieldError[] {
  return entries.flatMap((entry, i) => {
    const at = `${path}[${i}]`
    const { operation, fieldsType, manager = '', subresource = '' } = entry
    const errors: FieldError[] = []
    if (operation !== 'Apply' && operation !== 'Update') {
      errors.push(invalid(`${at}.operation`, operation ?? '', 'must be `Apply` or `Update`'))
    }
    if (fieldsType && fieldsType !== 'FieldsV1') errors.push(invalid(`${at}.fieldsType`, fieldsType, 'must be `FieldsV1`'))
    errors.push(...validateManager(manager, `${at}.manager`))
    if (Buffer.byteLength(subresource) > maxSubresourceBytes) errors.push(tooLong(`${at}.subresource`, maxSubresourceBytes))
    return errors
  })
}

/** What is wrong with the name of a field manager. */
export function validateManager(manager: string, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (Buffer.byteLength(manager) > maxManagerBytes) errors.push(tooLong(path, maxManagerBytes))
  let position = 0
  for (const char of manager) {
    if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(char)) {
      const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      errors.push(invalid(path, manager, `invalid character U+${code} (at position ${position})`))
    }
    position += Buffer.byteLength(char)
  }
  return errors
}
