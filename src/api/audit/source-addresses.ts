import { isIP, isIPv4 } from 'node:net'
import type { ApiRequest } from '../request.ts'

/**
 * Every address on the way, the client's first, the one that is connected to us last; what is none is left out
 * (k8s.io/apimachinery/pkg/util/net SourceIPs).
 */
export function sourcesOf({ headers, remoteAddress }: Pick<ApiRequest, 'headers' | 'remoteAddress'>): string[] {
  const own = addressOf(remoteAddress ?? '127.0.0.1') ?? '127.0.0.1'
  const via = (headers['x-forwarded-for'] ?? '').split(',').flatMap((part) => addressOf(part.trim()) ?? [])
  const real = addressOf(headers['x-real-ip'] ?? '')
  if (real !== undefined && !via.includes(real)) via.push(real)
  return via.at(-1) === own ? via : [...via, own]
}

/** As Go prints it; decimal parts of IPv4 may begin with zeros. */
function addressOf(text: string): string | undefined {
  const plain = text.replace(/^::ffff:(?=[\d.]+$)/i, '')
  const decimal = plain.replace(/(?<=^|\.)0+(?=\d)/g, '')
  if (isIPv4(decimal)) return decimal
  if (isIP(plain) !== 6 || plain.includes('%')) return undefined
  const [, shown = plain] = /^http:\/\/\[(.*)\]\/$/.exec(new URL(`http://[${plain}]/`).href) ?? []
  return shown
}
