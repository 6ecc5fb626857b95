import { StatusError } from '../../apimachinery/status.ts'
import type { Format } from './accept.ts'

/** How the body is to be read. No Content-Type means JSON. Throws 415. */
export function contentFormat(header: string | undefined, protobuf = true): Format {
  const type = hasReadableParameters(header) ? mediaType(header) : 'unreadable'
  if (type === '' || type === 'application/json') return 'json'
  if (type === 'application/yaml') return 'yaml'
  if (type === 'application/vnd.kubernetes.protobuf' && protobuf) return 'protobuf'
  const accepted = ['application/json', 'application/yaml', ...(protobuf ? ['application/vnd.kubernetes.protobuf'] : [])]
  throw unsupported(accepted)
}

/** Go's mime.ParseMediaType knows no parameter without a value, and no text that does not end. */
function hasReadableParameters(header = ''): boolean {
  const start = header.indexOf(';')
  return start < 0 || parameters.test(header.slice(start).trimEnd())
}
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const parameters = new RegExp(`^(?:\\s*;\\s*${token}\\s*=\\s*(?:${token}|"(?:[^"\\\\]|\\\\.)*"))*(?:\\s*;)?$`)

/** `application/json` of `Application/JSON; charset=utf-8`. */
export function mediaType(header: string | undefined): string {
  return (header?.split(';', 1)[0] ?? '').trim().toLowerCase()
}

export function unsupported(accepted: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`
  return new StatusError(415, 'UnsupportedMediaType', message)
}
