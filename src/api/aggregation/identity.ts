import type { OutgoingHttpHeaders } from 'node:http'
import type { UserInfo } from '../request.ts'

/** The headers by which a front proxy tells who asks, as extension-apiserver-authentication announces them. */
export const identityHeaders = {
  user: 'X-Remote-User',
  uid: 'X-Remote-Uid',
  group: 'X-Remote-Group',
  extraPrefix: 'X-Remote-Extra-',
} as const

/** Who asks, for a server that believes the front proxy's certificate. */
export function headersOf({ name, uid, groups, extra = {} }: UserInfo): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {
    [identityHeaders.user]: name,
    [identityHeaders.group]: [...groups],
    ...(uid ? { [identityHeaders.uid]: uid } : {}),
  }
  for (const [key, values] of Object.entries(extra)) headers[identityHeaders.extraPrefix + escaped(key)] = [...values]
  return headers
}

/** A header's name holds few characters: all others, and the percent sign, are escaped as in a URL. */
function escaped(key: string): string {
  const bytes = Buffer.from(key)
  return [...bytes]
    .map((b) => (isToken(b) ? String.fromCharCode(b) : `%${b.toString(16).toUpperCase().padStart(2, '0')}`))
    .join('')
}

const isToken = (byte: number): boolean => /^[A-Za-z0-9!#$&'*+.^_`|~-]$/.test(String.fromCharCode(byte))
