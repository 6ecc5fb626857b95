import type { Aggregator } from '../aggregation/aggregator.ts'
import { join, type SpecV2 } from '../aggregation/openapi.ts'
import { rootOf } from '../aggregation/remote-services.ts'
import type { Core } from '../pipeline/call.ts'
import type { PathRoute } from '../pipeline/handle.ts'
import type { ServedResource } from '../registry/served.ts'
import type { ApiRequest, ApiResponse } from '../request.ts'
import type { Schema } from './definitions.ts'
import { definitionsOf, documentNames, documentV2, documentV3, pathsV2 } from './documents.ts'
import { gnosticPieces } from './gnostic.ts'
import { inTurns, jsonMembers, type Written } from './written.ts'

/** Answers /openapi/v2, /openapi/v3 and what is below. Each document is made when first asked for and kept until what is served changes. */
export function openApiRoutes(core: Core): PathRoute {
  let generation = -1
  let made = new Map<string, Promise<Written>>()
  const document: DocumentOf = (key, make) => {
    if (generation !== core.registry.generation) {
      generation = core.registry.generation
      made = new Map()
    }
    const known = made.get(key)
    if (known) return known
    const all = made
    const writing = inTurns(make([...core.registry.all()]))
    all.set(key, writing)
    writing.catch(() => all.delete(key))
    return writing
  }
  const v3 = (name: string): Promise<Written> => document(`v3 ${name}`, (all) => piecesV3(all, name))
  return async (request, info, user) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
    if (info.path === '/openapi/v2') return answerV2(request, document, core.aggregator)
    // Go's http.ServeContent takes the text, whose name has no ending, for plain.
    if (info.path === '/openapi/v3') return whole(request, await inTurns([JSON.stringify(await index(core, v3))]), plainText)
    if (!info.path.startsWith('/openapi/v3/')) return undefined
    const name = info.path.slice('/openapi/v3/'.length)
    const elsewhere = core.aggregator?.find(`/${name}`)
    if (elsewhere) return core.aggregator?.forward(elsewhere, request, user)
    return documentNames([...core.registry.all()]).has(name) ? whole(request, await v3(name), 'application/json') : nothing
  }
}

function* piecesV3(all: readonly ServedResource[], name: string): Generator<string> {
  const { paths, components, ...rest } = documentV3(all, name)
  const { schemas, ...others } = components
  yield `${JSON.stringify(rest).slice(0, -1)},"paths":`
  yield* jsonMembers(Object.entries(paths))
  yield `,"components":${JSON.stringify(others).slice(0, -1)}`
  if (schemas) {
    yield `${Object.keys(others).length > 0 ? ',' : ''}"schemas":`
    yield* jsonMembers(Object.entries(schemas))
  }
  yield '}}'
}

const plainText = 'text/plain; charset=utf-8'

/** What is below /openapi/v3 answers itself what is not there. */
const nothing: ApiResponse = { status: 404, headers: {}, body: { bytes: new Uint8Array() } }

type DocumentOf = (key: string, make: (all: readonly ServedResource[]) => Iterable<string | Uint8Array>) => Promise<Written>

const gnosticTypes = [
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
]

async function answerV2(request: ApiRequest, document: DocumentOf, aggregator: Aggregator | undefined): Promise<ApiResponse> {
  const { accept = '' } = request.headers
  const wanted = gnosticTypes.find((t) => accept.includes(t))
  if (wanted && !accept.includes('application/json')) {
    const written = await document('v2 protobuf', (all) => gnosticPieces(definitionsV2(all, aggregator)))
    return whole(request, written, gnosticTypes[0] ?? wanted)
  }
  return whole(request, await document('v2', (all) => piecesV2(all, aggregator)), 'application/json')
}

const hasRemotes = (aggregator: Aggregator | undefined): boolean => (aggregator?.versions().length ?? 0) > 0

function definitionsV2(all: readonly ServedResource[], aggregator: Aggregator | undefined): ReadonlyMap<string, Schema> {
  return hasRemotes(aggregator) ? new Map(Object.entries(wholeV2(all, aggregator).definitions)) : definitionsOf(all, 'v2')
}

function* piecesV2(all: readonly ServedResource[], aggregator: Aggregator | undefined): Generator<string> {
  const whole = hasRemotes(aggregator) ? wholeV2(all, aggregator) : undefined
  const definitions = whole ? new Map(Object.entries(whole.definitions)) : definitionsOf(all, 'v2')
  const { paths: _, definitions: __, ...rest } = { ...documentV2([], new Map()) }
  yield `${JSON.stringify(rest).slice(0, -1)},"paths":`
  yield* jsonMembers(whole ? Object.entries(whole.paths) : pathsV2(all, definitions))
  yield ',"definitions":'
  yield* jsonMembers(definitions)
  yield '}'
}

/** The v2 document with what aggregated servers publish. */
function wholeV2(all: readonly ServedResource[], aggregator: Aggregator | undefined): SpecV2 {
  const own = documentV2(all, definitionsOf(all, 'v2'))
  const remote = (aggregator?.versions() ?? []).flatMap((v) => aggregator?.openApi(v)?.v2 ?? [])
  return remote.reduce<SpecV2>((base, more) => ({ ...own, ...join(base, more) }), own)
}

/** The hash in each URL lets clients keep a document for good. */
async function index(core: Core, v3: (name: string) => Promise<Written>): Promise<object> {
  const paths: Record<string, object> = {}
  for (const name of documentNames([...core.registry.all()])) {
    paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${(await v3(name)).hash}` }
  }
  for (const remote of core.aggregator?.versions() ?? []) {
    const hash = core.aggregator?.openApi(remote)?.v3Hash
    const path = rootOf(remote).slice(1)
    delete paths[path]
    if (hash !== undefined) paths[path] = { serverRelativeURL: `/openapi/v3/${path}${hash ? `?hash=${hash}` : ''}` }
  }
  return { paths }
}

function whole(request: ApiRequest, { bytes, hash }: Written, type: string): ApiResponse {
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
