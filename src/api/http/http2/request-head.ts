import type { Field } from '../../../http2/hpack-table.ts'
import { betweenIdentities, isIdentityHeader } from '../../auth/identity-headers.ts'

/** Method, path and headers of a request. */
export interface RequestHead {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** -1: not said. */
  readonly contentLength: number
}

/** Headers of one connection, which HTTP/2 does not have (RFC 9113, 8.2.2). */
const ofConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])
const token = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
const knownNames = new Set<string>()
const mostKnown = 1000

function isName(name: string): boolean {
  if (knownNames.has(name)) return true
  if (!token.test(name) || ofConnection.has(name)) return false
  if (knownNames.size < mostKnown) knownNames.add(name)
  return true
}

const isValue = (value: string): boolean => !/[\0\r\n]/.test(value)

/** No member but its own. `{ __proto__: null }` would be that too, but as a table, in which every look takes longer. */
function Headers(): void {}
Headers.prototype = Object.create(null)

/** The head of a request; a text says why it is malformed. */
export function requestHead(fields: readonly Field[]): RequestHead | string {
  const pseudo: Record<string, string | undefined> = {}
  const headers = new (Headers as unknown as new () => Record<string, string>)()
  let isRegular = false
  for (const { name, value } of fields) {
    if (name.charCodeAt(0) === 0x3a) {
      if (isRegular || pseudo[name] !== undefined || !isPseudo(name)) return `the field ${name} is not expected`
      pseudo[name] = value
      continue
    }
    isRegular = true
    if (!isName(name) || !isValue(value) || (name === 'te' && value !== 'trailers')) return `the field ${name} is not allowed`
    const known = headers[name]
    headers[name] = known === undefined ? value : known + between(name) + value
  }
  const { ':method': method, ':path': url, ':scheme': scheme, ':authority': authority } = pseudo
  if (!method || !url || !scheme || !isValue(url)) return 'it has no method, path or scheme'
  if (!url.startsWith('/') && !(url === '*' && method === 'OPTIONS')) return 'its path is not one'
  if (authority !== undefined && isValue(authority)) headers.host ??= authority
  const contentLength = lengthOf(headers['content-length'])
  return contentLength === undefined ? 'its content-length is no number' : { method, url, headers, contentLength }
}

/** What joins a field that comes several times. */
function between(name: string): string {
  if (name === 'cookie') return '; '
  return isIdentityHeader(name) ? betweenIdentities : ', '
}

const isPseudo = (name: string): boolean => name === ':method' || name === ':path' || name === ':scheme' || name === ':authority'

function lengthOf(text: string | undefined): number | undefined {
  if (text === undefined) return -1
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
