// net/url as urlParse and urlJoin need it.

import { quote } from '../../apimachinery/go-quote.ts'
import { fromBytes, toBytes } from '../gotemplate/bytes.ts'
import type { Implementation } from '../gotemplate/function-table.ts'
import { FunctionError } from '../gotemplate/run.ts'
import { kindName, type Value, type ValueMap } from '../gotemplate/value.ts'

const UNESCAPED = {
  path: /[A-Za-z0-9\-_.~$&+,/:;=@]/,
  host: /[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/,
  user: /[A-Za-z0-9\-_.~$&+,;=]/,
  fragment: /[A-Za-z0-9\-_.~$&+,/:;=?@!()*]/,
}

function escapeAs(s: string, allowed: RegExp): string {
  let out = ''
  for (const b of toBytes(s)) {
    const ch = String.fromCharCode(b)
    out += b < 0x80 && allowed.test(ch) ? ch : `%${b.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return out
}

function unescapePercent(s: string, whole: string): string {
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(s)
  if (bad) throw new FunctionError(`unable to parse url: parse ${quote(whole)}: invalid URL escape ${quote(bad[0])}`)
  if (!s.includes('%')) return s
  const bytes: Buffer[] = []
  for (const part of s.split(/(%[0-9a-fA-F]{2})/))
    bytes.push(/^%[0-9a-fA-F]{2}$/.test(part) ? Buffer.from(part.slice(1), 'hex') : toBytes(part))
  return fromBytes(Buffer.concat(bytes))
}

function urlParse(text: string): Value {
  const broken = (what: string) => new FunctionError(`unable to parse url: parse ${quote(text)}: ${what}`)
  if (/[\x00-\x1f\x7f]/.test(text)) throw broken('net/url: invalid control character in URL')
  const [beforeFragment = '', ...fragment] = text.split('#')
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(beforeFragment)?.[1]
  if (scheme === undefined && beforeFragment.startsWith(':')) throw broken('missing protocol scheme')
  let rest = scheme === undefined ? beforeFragment : beforeFragment.slice(scheme.length + 1)
  const question = rest.indexOf('?')
  const query = question < 0 ? '' : rest.slice(question + 1)
  if (question >= 0) rest = rest.slice(0, question)
  let [opaque, host, userinfo] = ['', '', '']
  if (!rest.startsWith('/') && scheme !== undefined) {
    opaque = rest
    rest = ''
  } else if (!rest.startsWith('/') && scheme === undefined && (rest.split('/')[0] ?? '').includes(':')) {
    throw broken('first path segment in URL cannot contain colon')
  } else if (rest.startsWith('//')) {
    const end = rest.indexOf('/', 2)
    const authority = end < 0 ? rest.slice(2) : rest.slice(2, end)
    rest = end < 0 ? '' : rest.slice(end)
    const at = authority.lastIndexOf('@')
    host = authority.slice(at + 1)
    userinfo = at < 0 ? '' : userText(authority.slice(0, at), text)
    if (host.startsWith('[') && !host.includes(']')) throw broken("missing ']' in host")
    const port = /:([^:\]]*)$/.exec(host)?.[1]
    if (port !== undefined && !/^\d*$/.test(port)) throw broken(`invalid port ${quote(`:${port}`)} after host`)
    if (/[ <>"{}|\\^`]/.test(host)) throw broken(`invalid character ${quote(/[ <>"{}|\\^`]/.exec(host)?.[0] ?? '')} in host name`)
  }
  const hostname = /^\[(.*)\]/.exec(host)?.[1] ?? host.replace(/:\d*$/, '')
  return new Map<string, Value>([
    ['scheme', (scheme ?? '').toLowerCase()],
    ['host', unescapePercent(host, text)],
    ['hostname', hostname],
    ['path', unescapePercent(rest, text)],
    ['query', query],
    ['opaque', opaque],
    ['fragment', unescapePercent(fragment.join('#'), text)],
    ['userinfo', userinfo],
  ])
}

function userText(raw: string, whole: string): string {
  const colon = raw.indexOf(':')
  const name = escapeAs(unescapePercent(colon < 0 ? raw : raw.slice(0, colon), whole), UNESCAPED.user)
  return colon < 0 ? name : `${name}:${escapeAs(unescapePercent(raw.slice(colon + 1), whole), UNESCAPED.user)}`
}

function urlJoin(m: ValueMap): Value {
  const part = (key: string): string => {
    if (!m.has(key)) return ''
    const v = m.get(key)
    if (typeof v !== 'string')
      throw new FunctionError(`unable to parse ${key} key, must be of type string, but ${kindName(v)} found`)
    return v
  }
  const [scheme, host, path, opaque] = [part('scheme'), part('host'), part('path'), part('opaque')]
  const [query, fragment, userinfo] = [part('query'), part('fragment'), part('userinfo')]
  let out = scheme === '' ? '' : `${scheme}:`
  if (opaque !== '') out += opaque
  else {
    if (scheme !== '' || host !== '' || userinfo !== '') {
      if (host !== '' || path !== '' || userinfo !== '') out += '//'
      if (userinfo !== '') out += `${userText(userinfo, userinfo)}@`
      if (host !== '') out += escapeAs(host, UNESCAPED.host)
    }
    if (path !== '' && !path.startsWith('/') && host !== '') out += '/'
    out += escapeAs(path, UNESCAPED.path)
  }
  if (query !== '') out += `?${query}`
  return fragment === '' ? out : `${out}#${escapeAs(fragment, UNESCAPED.fragment)}`
}

export const urls: { readonly [name: string]: Implementation } = { urlParse, urlJoin }
