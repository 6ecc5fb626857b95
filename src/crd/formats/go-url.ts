import { quote } from '../../apimachinery/go-quote.ts'

/** A URL as Go's net/url sees it. Texts are decoded, except `rawPath` and `rawQuery`. */
export interface GoUrl {
  readonly scheme: string
  readonly opaque: string
  /** host and port */
  readonly host: string
  readonly path: string
  /** As written, where that is not the default encoding of `path`; else ''. */
  readonly rawPath: string
  readonly rawQuery: string
  readonly fragment: string
  /** 'user:password', as written; undefined: no '@'. */
  readonly user: string | undefined
}

/** Why a text is no URL, as Go says it. */
class UrlError extends Error {
  constructor(text: string, why: string) {
    super(`parse ${quote(text)}: ${why}`)
    this.name = 'UrlError'
  }
}

/** url.ParseRequestURI: an absolute URL or path, without fragment. Throws UrlError. */
export function parseRequestUri(text: string): GoUrl {
  return new Reader(text, true).read(text)
}

/** url.Parse. Throws UrlError. */
export function parseUrl(text: string): GoUrl {
  const hash = text.indexOf('#')
  const reader = new Reader(text, false)
  const url = reader.read(hash < 0 ? text : text.slice(0, hash))
  return hash < 0 ? url : { ...url, fragment: reader.unescape(text.slice(hash + 1)) }
}

export const isRequestUri = (text: string): boolean => {
  try {
    parseRequestUri(text)
    return true
  } catch {
    return false
  }
}

/** Without brackets and port. */
export function hostnameOf(url: GoUrl): string {
  const host = url.host
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']'))
  const colon = host.indexOf(':')
  return colon < 0 ? host : host.slice(0, colon)
}

export function portOf(url: GoUrl): string {
  return /:(\d*)$/.exec(url.host.slice(url.host.lastIndexOf(']') + 1))?.[1] ?? ''
}

export const escapedPath = (url: GoUrl): string => url.rawPath || (url.path === '*' ? '*' : escapePath(url.path))

/** The values of each key, in order; pairs that cannot be decoded are left out. */
export function queryOf(url: GoUrl): Map<string, string[]> {
  const values = new Map<string, string[]>()
  for (const pair of url.rawQuery.split('&')) {
    if (pair === '' || pair.includes(';')) continue
    const equals = pair.indexOf('=')
    const key = decodeQuery(equals < 0 ? pair : pair.slice(0, equals))
    const value = decodeQuery(equals < 0 ? '' : pair.slice(equals + 1))
    if (key === undefined || value === undefined) continue
    values.set(key, [...(values.get(key) ?? []), value])
  }
  return values
}

/** URL.String() */
export function urlText(url: GoUrl): string {
  const scheme = url.scheme === '' ? '' : `${url.scheme}:`
  const fragment = url.fragment === '' ? '' : `#${escapePath(url.fragment)}`
  const query = url.rawQuery === '' ? '' : `?${url.rawQuery}`
  if (url.opaque !== '') return `${scheme}${url.opaque}${query}${fragment}`
  const user = url.user === undefined ? '' : `${url.user}@`
  const authority = url.host !== '' || url.user !== undefined ? `//${user}${url.host}` : ''
  return `${scheme}${authority}${escapedPath(url)}${query}${fragment}`
}

function decodeQuery(text: string): string | undefined {
  try {
    return percentDecode(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

function percentDecode(text: string): string {
  if (!text.includes('%')) return text
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/su.exec(text)
  if (bad) throw new Error(`invalid URL escape ${quote(bad[0])}`)
  const bytes = Buffer.from(
    text.replace(/%([0-9a-fA-F]{2})|(.)/gsu, (_all, hex: string | undefined, char: string) =>
      hex === undefined ? Buffer.from(char).toString('hex') : hex,
    ),
    'hex',
  )
  return bytes.toString()
}

const escapePath = (path: string): string =>
  path.replace(/[^A-Za-z0-9\-_.~$&+,/:;=@!'()*]/gu, (char) =>
    Array.from(Buffer.from(char), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )

class Reader {
  private readonly text: string
  private readonly viaRequest: boolean

  constructor(text: string, viaRequest: boolean) {
    this.text = text
    this.viaRequest = viaRequest
  }

  private fail(why: string): never {
    throw new UrlError(this.text, why)
  }

  unescape(text: string): string {
    try {
      return percentDecode(text)
    } catch (error) {
      return this.fail((error as Error).message)
    }
  }

  read(source: string): GoUrl {
    if (/[\u0000-\u001f\u007f]/.test(source)) this.fail('net/url: invalid control character in URL')
    if (source === '' && this.viaRequest) this.fail('empty url')
    const none = { scheme: '', opaque: '', host: '', path: '', rawPath: '', rawQuery: '', fragment: '', user: undefined }
    if (source === '*') return { ...none, path: '*' }
    const { scheme, rest: afterScheme } = this.scheme(source)
    const question = afterScheme.indexOf('?')
    const rawQuery = question < 0 ? '' : afterScheme.slice(question + 1)
    const rest = question < 0 ? afterScheme : afterScheme.slice(0, question)
    if (!rest.startsWith('/')) {
      if (scheme !== '') return { ...none, scheme, opaque: rest, rawQuery }
      if (this.viaRequest) this.fail('invalid URI for request')
      if (rest.split('/', 1)[0]?.includes(':')) this.fail('first path segment in URL cannot contain colon')
    }
    const hasAuthority = (scheme !== '' || (!this.viaRequest && !rest.startsWith('///'))) && rest.startsWith('//')
    const slash = hasAuthority ? rest.indexOf('/', 2) : 0
    const authority = hasAuthority ? rest.slice(2, slash < 0 ? undefined : slash) : ''
    const rawPath = hasAuthority ? (slash < 0 ? '' : rest.slice(slash)) : rest
    const path = this.unescape(rawPath)
    return {
      ...none,
      scheme,
      rawQuery,
      ...this.authority(authority),
      path,
      rawPath: escapePath(path) === rawPath ? '' : rawPath,
    }
  }

  private scheme(source: string): { scheme: string; rest: string } {
    if (source.startsWith(':')) this.fail('missing protocol scheme')
    const match = /^([A-Za-z][A-Za-z0-9+\-.]*):/.exec(source)
    if (match === null) return { scheme: '', rest: source }
    return { scheme: (match[1] as string).toLowerCase(), rest: source.slice(match[0].length) }
  }

  private authority(authority: string): { host: string; user: string | undefined } {
    const at = authority.lastIndexOf('@')
    const host = this.host(authority.slice(at + 1))
    if (at < 0) return { host, user: undefined }
    const user = authority.slice(0, at)
    if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) this.fail('net/url: invalid userinfo')
    return { host, user }
  }

  private host(host: string): string {
    if (host.startsWith('[')) {
      const close = host.lastIndexOf(']')
      if (close < 0) this.fail("missing ']' in host")
      this.port(host.slice(close + 1))
    } else if (host.includes(':')) this.port(host.slice(host.lastIndexOf(':')))
    const bad = /[^A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"%\u0080-\u{10ffff}]/u.exec(host)
    if (bad) this.fail(`invalid character ${JSON.stringify(bad[0])} in host name`)
    return this.unescape(host)
  }

  private port(port: string): void {
    if (!/^(?::\d*)?$/.test(port)) this.fail(`invalid port ${JSON.stringify(port)} after host`)
  }
}
