import { invalid, required, tooLong } from '../../../apimachinery/field-error.ts'
import { checkQualifiedName, type Errors, requireText } from '../errors.ts'

const maxCount = 512
const maxSize = 256 * 1024

export function validateProvisioner(name: string | undefined, at: string, errors: Errors): void {
  if (requireText(name, at, errors)) checkQualifiedName((name ?? '').toLowerCase(), at, errors)
}

export function validateParameters(
  parameters: Readonly<Record<string, string>> = {},
  mayBeEmpty: boolean,
  at: string,
  errors: Errors,
): void {
  const entries = Object.entries(parameters)
  if (entries.length > maxCount) {
    errors.push(tooLong(at, maxCount))
    return
  }
  let size = 0
  for (const [key, value] of entries) {
    if (key === '') errors.push(invalid(at, key, 'field can not be empty.'))
    size += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  if (size > maxSize) errors.push(tooLong(at, maxSize))
  if (!mayBeEmpty && entries.length === 0) errors.push(required(at, 'must contain at least one key/value pair'))
}
