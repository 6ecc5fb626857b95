import { type FieldError, invalid, required, tooLong } from '../../../apimachinery/field-error.ts'
import type { Secret } from '../../../apimachinery/kinds.generated.ts'
import { isConfigMapKey } from '../../../apimachinery/names.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { checkUnchanged, type Errors, pushInvalid } from '../errors.ts'
import { decodedLength, keysInStep, maxData, validateFrozen } from './config-map-validation.ts'

const accountName = 'kubernetes.io/service-account.name'

export function* validateSecret(secret: Secret): Steps<FieldError[]> {
  const errors: Errors = []
  const data = secret.data ?? {}
  let size = 0
  for (const [i, key] of Object.keys(data).entries()) {
    if (i % keysInStep === keysInStep - 1) yield
    pushInvalid(errors, `data[${key}]`, key, isConfigMapKey(key))
    size += decodedLength(data[key] ?? '')
  }
  if (size > maxData) errors.push(tooLong('data', maxData))
  validateType(secret, data, errors)
  return errors
}

function validateType({ type, metadata }: Secret, data: Readonly<Record<string, string>>, errors: Errors): void {
  const has = (key: string) => Object.hasOwn(data, key)
  const need = (key: string) => {
    if (!has(key)) errors.push(required(`data[${key}]`))
  }
  switch (type) {
    case 'kubernetes.io/service-account-token':
      if (!metadata.annotations?.[accountName]) errors.push(required(`metadata.annotations[${accountName}]`))
      return
    case 'kubernetes.io/dockercfg':
      validateJson('.dockercfg', data, errors)
      return
    case 'kubernetes.io/dockerconfigjson':
      validateJson('.dockerconfigjson', data, errors)
      return
    case 'kubernetes.io/basic-auth':
      if (has('username') || has('password')) return
      need('username')
      need('password')
      return
    case 'kubernetes.io/ssh-auth':
      if (!data['ssh-privatekey']) errors.push(required('data[ssh-privatekey]'))
      return
    case 'kubernetes.io/tls':
      need('tls.crt')
      need('tls.key')
      return
    default:
  }
}

function validateJson(key: string, data: Readonly<Record<string, string>>, errors: Errors): void {
  const at = `data[${key}]`
  if (!Object.hasOwn(data, key)) {
    errors.push(required(at))
    return
  }
  const problem = jsonProblem(Buffer.from(data[key] ?? '', 'base64').toString())
  if (problem) errors.push(invalid(at, '<secret contents redacted>', problem))
}

/** Why `text` is no JSON object, in the words of Go's encoding/json where they are simple. */
function jsonProblem(text: string): string | undefined {
  if (text.trim() === '') return 'unexpected end of JSON input'
  try {
    const value: unknown = JSON.parse(text)
    if (value === null || (typeof value === 'object' && !Array.isArray(value))) return undefined
    const what = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
    return `json: cannot unmarshal ${what} into Go value of type map[string]interface {}`
  } catch (error) {
    return goSyntaxError(text, error as SyntaxError)
  }
}

function goSyntaxError(text: string, error: SyntaxError): string {
  const position = Number(/position (\d+)/.exec(error.message)?.[1] ?? Number.NaN)
  const character = Number.isNaN(position) ? undefined : text[position]
  if (character === undefined) return 'unexpected end of JSON input'
  const where = position === 0 ? 'looking for beginning of value' : 'looking for beginning of object key string'
  return `invalid character '${character}' ${where}`
}

export function* validateSecretUpdate(secret: Secret, old: Secret): Steps<FieldError[]> {
  const errors: Errors = []
  checkUnchanged(secret.type, old.type, 'type', errors, 'string')
  validateFrozen(secret, old, ['data'], errors)
  yield
  return [...errors, ...(yield* validateSecret(secret))]
}
