import { jsonText } from '../../apimachinery/json.ts'
import { badRequest, StatusError } from '../../apimachinery/status.ts'

/** A patch that is well-formed but cannot be applied to this document. kube-apiserver hides why; `cause` keeps it for the log. */
export function notApplicable(why: string): StatusError {
  const error = new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {})
  error.cause = why
  return error
}

export const badPatch = (message: string): StatusError => badRequest(message)

export function tooManyOperations(limit: number, count: number): StatusError {
  const message = `Request entity too large: The allowed maximum operations in a JSON patch is ${limit}, got ${count}`
  return new StatusError(413, 'RequestEntityTooLarge', message)
}

/** The answer when the patched document cannot be read as its kind: `patched` is its JSON, or `goText` of a strategic merge patch. */
export function invalidPatched(patched: string, message: string): StatusError {
  const text = `Invalid value: ${jsonText(patched)}: ${message}`
  return new StatusError(422, 'Invalid', ` "" is invalid: patch: ${text}`, {
    causes: [{ reason: 'FieldValueInvalid', message: text, field: 'patch' }],
  })
}
