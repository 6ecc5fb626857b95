import querystring from 'node:querystring'
import { isPathSegmentName } from '../../apimachinery/names.ts'

/** What a path and method ask for (k8s.io/apiserver/pkg/endpoints/request RequestInfo). Pure. */
export interface RequestInfo {
  readonly isResource: boolean
  /** get list watch create update patch delete deletecollection; for other paths the method in lower case. */
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly namespace: string
  readonly resource: string
  readonly subresource: string
  readonly name: string
  /** Unescaped. */
  readonly path: string
}

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

/** Segments after `namespaces/<name>` that are subresources of the namespace, not resources in it. */
const namespaceSubresources = new Set(['status', 'finalize'])

export function requestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const segments = segmentsOf(path)
  const other = (): RequestInfo => ({ ...nothing, verb: method.toLowerCase(), path: decoded(path) })
  const [prefix] = segments
  const isLegacy = prefix === 'api'
  if (!isLegacy && prefix !== 'apis') return other()
  const own = isLegacy ? segments.slice(1) : segments.slice(2)
  if (own.length < 2) return other()
  const group = isLegacy ? '' : (segments[1] ?? '')
  const [version = '', ...parts] = own
  let verb = verbs[method] ?? ''
  if (parts[0] === 'watch' || parts[0] === 'proxy') {
    if (parts.length < 2) return other()
    verb = parts.shift() ?? ''
  }
  const place = placeOf(parts)
  if (verb === 'get' && place.name === '') verb = isTrue(query.get('watch')) ? 'watch' : 'list'
  if (verb === 'delete' && place.name === '') verb = 'deletecollection'
  const name = place.name || (verb === 'list' || verb === 'watch' ? nameSelected(query) : '')
  return { isResource: true, verb, group, version, ...place, name, path: decoded(path) }
}

function segmentsOf(path: string): string[] {
  if (path.includes('//') || path.includes('%')) {
    // Go splits the path that it has unescaped; an empty namespace means all of them.
    const parts = decoded(path)
      .replace(/\/namespaces\/\/+/, '/')
      .split('/')
    return parts.filter((s) => s !== '')
  }
  const end = path.endsWith('/') ? path.length - 1 : path.length
  return path.slice(path.startsWith('/') ? 1 : 0, end).split('/')
}

const nothing = { isResource: false, group: '', version: '', namespace: '', resource: '', subresource: '', name: '' }

function placeOf(parts: readonly string[]): Pick<RequestInfo, 'namespace' | 'resource' | 'subresource' | 'name'> {
  let namespace = ''
  let own = parts
  if (parts[0] === 'namespaces' && parts[1] !== undefined) {
    namespace = parts[1]
    if (parts.length > 2 && !namespaceSubresources.has(parts[2] ?? '')) own = parts.slice(2)
  }
  const [resource = '', name = '', subresource = ''] = own
  return { namespace, resource, subresource, name }
}

/** `watch=0` and `watch=false` are false; `watch`, `watch=` and anything else are true, as in Go's conversion of queries. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false'
}

function nameSelected(query: URLSearchParams): string {
  const name = /(?:^|,)metadata\.name==?([^,=!]+)(?:,|$)/.exec(query.get('fieldSelector') ?? '')?.[1] ?? ''
  return isPathSegmentName(name).length === 0 ? name : ''
}

const decoded = (text: string): string => (text.includes('%') ? querystring.unescape(text) : text)
