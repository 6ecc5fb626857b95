import { badRequest } from '../../apimachinery/status.ts'

/** Where a list goes on: after the key `after` (below the resource's prefix), as of `revision` (-1: now). */
export interface ContinueToken {
  readonly revision: number
  readonly after: string
}

/** Opaque to clients, in the form kube-apiserver uses: base64url JSON with the first key of the next page. */
export function continueToken(revision: number, after: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: `${after}\0` })).toString('base64url')
}

export function readContinueToken(token: string): ContinueToken {
  const text = Buffer.from(token, 'base64url').toString('utf8')
  let value: { v?: unknown; rv?: unknown; start?: unknown }
  try {
    value = JSON.parse(text) as typeof value
  } catch {
    throw badRequest(`invalid continue token: continue key is not valid: ${goSyntaxError(token)}`)
  }
  if (typeof value !== 'object' || value === null || value.v !== 'meta.k8s.io/v1') {
    throw badRequest(
      'invalid continue token: continue key is not valid: server does not recognize this encoded version "meta.k8s.io/v1"',
    )
  }
  const { rv, start } = value
  if (typeof rv !== 'number' || !Number.isInteger(rv))
    throw badRequest(
      'invalid continue token: continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)',
    )
  if (typeof start !== 'string' || start === '')
    throw badRequest('invalid continue token: continue key is not valid: encoded start key empty (version meta.k8s.io/v1)')
  if (start.startsWith('/') || start.includes('/../')) throw badRequest('invalid continue token: continue key is not valid: ../')
  return { revision: rv, after: start.endsWith('\0') ? start.slice(0, -1) : start }
}

/** What Go's JSON reader says of bytes that don't begin a value. */
function goSyntaxError(token: string): string {
  const [first] = Buffer.from(token, 'base64url')
  if (first === undefined) return 'unexpected end of JSON input'
  const shown =
    first >= 0x20 && first < 0x7f ? `'${String.fromCharCode(first)}'` : `'\\u00${first.toString(16).padStart(2, '0')}'`
  return `invalid character ${shown} looking for beginning of value`
}
