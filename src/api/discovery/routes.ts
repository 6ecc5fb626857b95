import { createHash } from 'node:crypto'
import { StatusError } from '../../apimachinery/status.ts'
import { isRoutable, mediaTypeOf, negotiate, notAcceptable, unroutable } from '../negotiation/accept.ts'
import type { Core } from '../pipeline/call.ts'
import { bytesOf } from '../pipeline/formats.ts'
import type { PathRoute } from '../pipeline/handle.ts'
import { methodNotAllowed } from '../pipeline/route.ts'
import type { ApiRequest, ApiResponse } from '../request.ts'
import { aggregated, apiGroup, apiResourceList, apiVersions, type DiscoveryDocument, type Group, groupsOf } from './documents.ts'

/** Answers /api, /apis and what is below them down to a version. */
export function discoveryRoutes(core: Core, address: () => string): PathRoute {
  let made: { generation: number; groups: readonly Group[] } | undefined
  const groups = (): readonly Group[] => {
    const { generation } = core.registry
    if (made?.generation !== generation) made = { generation, groups: groupsOf(core.registry.all(), core.aggregator?.versions()) }
    return made.groups
  }
  return (request, info) => {
    if (info.isResource) return undefined
    const [prefix, first, second, ...rest] = info.path.split('/').filter((s) => s !== '')
    if (rest.length > 0) return undefined
    if (prefix === 'api') return legacy(request, groups(), first, second, address)
    if (prefix !== 'apis') return undefined
    const others = groups().filter((g) => g.name !== '')
    if (first === undefined) {
      const aggregated = info.path === '/apis' ? aggregatedForm(request, others) : undefined
      return aggregated ?? plain(request, groupList(others))
    }
    const group = others.find((g) => g.name === first)
    if (!group) return undefined
    if (second === undefined) {
      if (group.name === 'apiregistration.k8s.io') routed(request)
      return plain(request, { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group) })
    }
    return resourceList(request, group, second)
  }
}

const groupList = (groups: readonly Group[]) => ({ kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(apiGroup) })

function legacy(
  request: ApiRequest,
  groups: readonly Group[],
  first: string | undefined,
  second: string | undefined,
  address: () => string,
): ApiResponse | undefined {
  const core = groups.filter((g) => g.name === '')
  if (first === undefined) {
    routed(request)
    return aggregatedForm(request, core) ?? plain(request, apiVersions(address()))
  }
  const [group] = core
  return second === undefined && group ? resourceList(request, group, first) : undefined
}

function resourceList(request: ApiRequest, group: Group, version: string): ApiResponse | undefined {
  const found = group.versions.find((v) => v.version === version)
  const isCustom = group.versions.every((v) => v.resources.every((r) => r.isCustom))
  if (!found && isCustom) return undefined
  if (!found) throw new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})
  if (!isCustom) routed(request)
  return plain(request, apiResourceList(group.name, version, found.resources))
}

/** Built-in versions, and /api, are routes (go-restful): they have a method and a type, which are looked at first. All others are read by any method. */
function routed(request: ApiRequest): void {
  if (request.method !== 'GET') throw methodNotAllowed()
  if (!isRoutable(request.headers.accept)) throw unroutable()
}

function plain(request: ApiRequest, document: DiscoveryDocument): ApiResponse {
  const accept = negotiate(request.headers, request.query, { views: false })
  if (!accept) throw notAcceptable()
  const bytes = bytesOf(document, accept, { group: '', version: document.apiVersion ?? '', kind: document.kind })
  return { status: 200, headers: { 'content-type': mediaTypeOf(accept.format) }, body: { bytes } }
}

/** The aggregated document when the Accept header asks for it; 304 when the client has it already. */
function aggregatedForm(request: ApiRequest, groups: readonly Group[]): ApiResponse | undefined {
  const accept = negotiate(request.headers, request.query, { discovery: true })
  if (!accept) return undefined
  const { as: kind, version } = accept
  const group = 'apidiscovery.k8s.io'
  const document = aggregated(groups)
  const etag = `"${createHash('sha512').update(JSON.stringify(document)).digest('hex').toUpperCase()}"`
  const headers = {
    'content-type': `${mediaTypeOf(accept.format)};g=${group};v=${version};as=${kind}`,
    etag,
    vary: 'Accept',
    'cache-control': 'public',
  }
  if (request.headers['if-none-match'] === etag) return { status: 304, headers, body: { bytes: new Uint8Array() } }
  return { status: 200, headers, body: { bytes: bytesOf(document, accept, { group, version, kind }) } }
}
