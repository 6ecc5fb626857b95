import { createHash } from 'node:crypto'
import type { Aggregator } from '../aggregation/aggregator.ts'
import { join, type SpecV2 } from '../aggregation/openapi.ts'
import { rootOf } from '../aggregation/remote-services.ts'
import type { Core } from '../pipeline/call.ts'
import type { PathRoute } from '../pipeline/handle.ts'
import type { ServedResource } from '../registry/served.ts'
import type { ApiRequest, ApiResponse } from '../request.ts'
import { definitionsOf, documentV2, documentV3 } from './documents.ts'
import { gnosticDocument } from './gnostic.ts'

interface Made {
  readonly bytes: Uint8Array
  readonly hash: string
}

/** Answers /openapi/v2, /openapi/v3 and what is below. Each document is made when first asked for and kept until what is served changes. */
export function openApiRoutes(core: Core): PathRoute {
  let generation = -1
  let made = new Map<string, Made>()
  const document = (key: string, make: (all: readonly ServedResource[]) => Uint8Array): Made => {
    if (generation !== core.registry.generation) {
      generation = core.registry.generation
      made = new Map()
    }
    let found = made.get(key)
    if (!found) {
      const bytes = make([...core.registry.all()])
      found = { bytes, hash: createHash('sha512').update(bytes).digest('hex').toUpperCase() }
      made.set(key, found)
    }
    return found
  }
  const v3 = (group: string, version: string): Made =>
    document(`v3 ${group}/${version}`, (all) => versionBytes(all, group, version))
  return (request, info, user) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
    const [first, second, ...rest] = info.path.split('/').filter((s) => s !== '')
    if (first !== 'openapi') return undefined
    if (second === 'v2' && rest.length === 0) return answerV2(request, document, core.aggregator)
    if (second !== 'v3') return undefined
    if (rest.length === 0) return json(request, index(core, v3))
    const [prefix, ...own] = rest
    const [group, version] = prefix === 'api' ? ['', own[0]] : own
    if (group === undefined || version === undefined) return undefined
    const elsewhere = core.aggregator?.find(rootOf({ group, version }))
    if (elsewhere) return core.aggregator?.forward(elsewhere, request, user)
    const isKnown = [...core.registry.all()].some((r) => r.group === group && r.version === version)
    return isKnown ? whole(request, v3(group, version), 'application/json') : undefined
  }
}

function versionBytes(all: readonly ServedResource[], group: string, version: string): Uint8Array {
  const own = all.filter((r) => r.group === group && r.version === version)
  return Buffer.from(JSON.stringify(documentV3(own, definitionsOf(own, 'v3'))))
}

type DocumentOf = (key: string, make: (all: readonly ServedResource[]) => Uint8Array) => Made

const gnosticTypes = [
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
]

function answerV2(request: ApiRequest, document: DocumentOf, aggregator: Aggregator | undefined): ApiResponse {
  const { accept = '' } = request.headers
  const wanted = gnosticTypes.find((t) => accept.includes(t))
  if (wanted && !accept.includes('application/json')) {
    return whole(
      request,
      document('v2 protobuf', (all) => gnosticDocument(new Map(Object.entries(wholeV2(all, aggregator).definitions)))),
      gnosticTypes[0] ?? wanted,
    )
  }
  const made = document('v2', (all) => Buffer.from(JSON.stringify(wholeV2(all, aggregator))))
  return whole(request, made, 'application/json')
}

/** The v2 document with what aggregated servers publish. */
function wholeV2(all: readonly ServedResource[], aggregator: Aggregator | undefined): SpecV2 {
  const own = documentV2(all, definitionsOf(all, 'v2'))
  const remote = (aggregator?.versions() ?? []).flatMap((v) => aggregator?.openApi(v)?.v2 ?? [])
  return remote.reduce<SpecV2>((base, more) => ({ ...own, ...join(base, more) }), own)
}

/** The hash in each URL lets clients keep a document for good. */
function index(core: Core, v3: (group: string, version: string) => Made): object {
  const paths: Record<string, object> = {}
  for (const r of core.registry.all()) {
    const path = r.group === '' ? `api/${r.version}` : `apis/${r.group}/${r.version}`
    paths[path] ??= { serverRelativeURL: `/openapi/v3/${path}?hash=${v3(r.group, r.version).hash}` }
  }
  for (const remote of core.aggregator?.versions() ?? []) {
    const hash = core.aggregator?.openApi(remote)?.v3Hash
    const path = rootOf(remote).slice(1)
    delete paths[path]
    if (hash !== undefined) paths[path] = { serverRelativeURL: `/openapi/v3/${path}${hash ? `?hash=${hash}` : ''}` }
  }
  return { paths }
}

function json(request: ApiRequest, value: object): ApiResponse {
  const bytes = Buffer.from(JSON.stringify(value))
  return whole(request, { bytes, hash: createHash('sha512').update(bytes).digest('hex').toUpperCase() }, 'application/json')
}

function whole(request: ApiRequest, { bytes, hash }: Made, type: string): ApiResponse {
  const etag = `"${hash}"`
  const lasting = request.query.get('hash') === hash
  const headers: Record<string, string> = {
    'content-type': type,
    etag,
    vary: 'Accept-Encoding, Accept',
    'cache-control': lasting ? 'public, immutable' : 'no-cache, private',
    ...(lasting ? { expires: new Date(Date.now() + 365 * 86_400_000).toUTCString() } : {}),
  }
  if (request.headers['if-none-match'] === etag) return { status: 304, headers, body: { bytes: new Uint8Array() } }
  return { status: 200, headers, body: { bytes } }
}
