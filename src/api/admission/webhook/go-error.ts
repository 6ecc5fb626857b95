import { isIP } from 'node:net'
import { quote } from '../../../apimachinery/go-quote.ts'

/** Go's words for what went wrong on the way. */
export function goError(error: NodeJS.ErrnoException, host: string, port: string): string {
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'context deadline exceeded'
  switch (error.code) {
    case 'ECONNREFUSED':
      return `dial tcp ${dialed(error, host)}:${port}: connect: connection refused`
    case 'EHOSTUNREACH':
      return `dial tcp ${dialed(error, host)}:${port}: connect: no route to host`
    case 'ENOTFOUND':
      return `dial tcp: lookup ${host}: no such host`
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'tls: failed to verify certificate: x509: certificate signed by unknown authority'
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `tls: failed to verify certificate: x509: ${otherNames(error)}`
    case 'ECONNRESET':
      // Closed before an answer, or in the middle of one.
      return error.message === 'socket hang up' ? 'EOF' : error.message
    case 'HPE_INVALID_CONSTANT':
    case 'HPE_INVALID_VERSION':
    case 'HPE_INVALID_STATUS':
      return `net/http: HTTP/1.x transport connection broken: ${malformed(error)}`
    default:
      return error.message
  }
}

/** What does not begin as an answer, as net/http tells it. */
function malformed({ rawPacket }: Error & { rawPacket?: Uint8Array }): string {
  const line =
    Buffer.from(rawPacket ?? [])
      .toString('latin1')
      .split(/\r?\n/, 1)[0] ?? ''
  const space = line.indexOf(' ')
  if (space < 0) return `malformed HTTP response ${quote(line)}`
  const status =
    line
      .slice(space + 1)
      .trimStart()
      .split(' ', 1)[0] ?? ''
  if (!/^\d{3}$/.test(status)) return `malformed HTTP status code ${quote(status)}`
  return `malformed HTTP version ${quote(line.slice(0, space))}`
}

/** The address that was tried first: a name may have several. */
function dialed(error: NodeJS.ErrnoException & { address?: string }, host: string): string {
  const [first] = error instanceof AggregateError ? (error.errors as { address?: string }[]) : [error]
  const address = first?.address ?? host
  return address.includes(':') ? `[${address}]` : address
}

interface AltNameError extends Error {
  readonly host?: string
  readonly cert?: { readonly subjectaltname?: string; readonly subject?: { readonly CN?: string } }
}

const legacyName = 'certificate relies on legacy Common Name field, use SANs instead'

/** Whether a certificate was refused only because it has its name where nobody looks any more. */
export const isLegacyName = (message: string): boolean => message.includes(`x509: ${legacyName}`)

/** A certificate for others, as x509.HostnameError tells it. */
function otherNames({ host = '', cert }: AltNameError): string {
  const wanted = host.replace(/\.$/, '')
  if (!cert?.subjectaltname && matches(cert?.subject?.CN ?? '', wanted)) return legacyName
  const names = (cert?.subjectaltname ?? '').split(', ')
  const valid = names.flatMap((name) => {
    const prefix = isIP(wanted) ? 'IP Address:' : 'DNS:'
    return name.startsWith(prefix) ? [name.slice(prefix.length)] : []
  })
  if (valid.length > 0) return `certificate is valid for ${valid.join(', ')}, not ${wanted}`
  if (isIP(wanted)) return `cannot validate certificate for ${wanted} because it doesn't contain any IP SANs`
  return `certificate is not valid for any names, but wanted to match ${wanted}`
}

/** Label by label; the first of `pattern` may be any. */
function matches(pattern: string, host: string): boolean {
  if (pattern === '' || host === '') return false
  const [labels, wanted] = [pattern.toLowerCase().split('.'), host.toLowerCase().split('.')]
  return labels.length === wanted.length && labels.every((label, i) => (i === 0 && label === '*') || label === wanted[i])
}
