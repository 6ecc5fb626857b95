import type { Aggregator } from '../aggregation/aggregator.ts'
import { join, type SpecV2 } from '../aggregation/openapi.ts'
import { rootOf } from '../aggregation/remote-services.ts'
import { clausesOf } from '../negotiation/clauses.ts'
import type { Core } from '../pipeline/call.ts'
import type { PathRoute } from '../pipeline/handle.ts'
import type { ServedResource } from '../registry/served.ts'
import type { ApiRequest, ApiResponse } from '../request.ts'
import { described } from './definitions.ts'
import { definitionsOf, documentNames, documentV2, type PartsV3, partsV3, pathsV2 } from './documents.ts'
import { gnosticPieces } from './gnostic-v2.ts'
import { gnosticV3Pieces } from './gnostic-v3.ts'
import { serveContent } from './serve-content.ts'
import { inTurns, jsonMembers, jsonSections, nextTurn, type Written } from './written.ts'

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
  const v3: DocumentV3Of = (name) => document(`v3 ${name}`, (all) => piecesV3(partsV3(all, name)))
  return async (request, info, user) => {
    if (info.path === '/openapi/v2') return answerV2(request, document, core.aggregator)
    if (info.path === '/openapi/v3') return answerIndex(request, core, v3)
    if (!info.path.startsWith('/openapi/v3/')) return undefined
    const name = info.path.slice('/openapi/v3/'.length)
    const elsewhere = core.aggregator?.find(`/${name}`)
    if (elsewhere) return core.aggregator?.forward(elsewhere, request, user)
    return documentNames([...core.registry.all()]).has(name) ? answerV3(request, name, v3, document) : nothing
  }
}

function* piecesV3({ openapi, info, paths, schemas, securitySchemes }: PartsV3): Generator<string> {
  yield `{"openapi":${JSON.stringify(openapi)},"info":${JSON.stringify(info)},"paths":`
  yield* jsonMembers(paths)
  yield ',"components":'
  yield* jsonSections([
    ['schemas', schemas],
    ['securitySchemes', Object.entries(securitySchemes)],
  ])
  yield '}'
}

/** What is below /openapi/v3 answers itself what is not there. */
const nothing: ApiResponse = { status: 404, headers: {}, body: { bytes: new Uint8Array() } }

/** The v3 document of a name, in JSON. */
type DocumentV3Of = (name: string) => Promise<Written>

type DocumentOf = (key: string, make: (all: readonly ServedResource[]) => Iterable<string | Uint8Array>) => Promise<Written>

const jsonType = 'application/json'
const gnosticType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
const gnosticV3Type = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf'
const gnosticV3Types = [gnosticV3Type, 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf']
const gnosticTypes = [gnosticType, 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf']

/** The first of `types` that the best clause of the Accept header names (kube-openapi's handlers). */
function wanted({ headers }: ApiRequest, types: readonly string[]): string | undefined {
  for (const clause of clausesOf(headers.accept || '*/*')) {
    for (const type of types) {
      const [main, sub] = type.split('/')
      if ((clause.type === main || clause.type === '*') && (clause.subtype === sub || clause.subtype === '*')) return type
    }
  }
  return undefined
}

const notAcceptable = (vary: string): ApiResponse => ({ status: 406, headers: { vary }, body: { bytes: new Uint8Array() } })

async function answerV2(request: ApiRequest, document: DocumentOf, aggregator: Aggregator | undefined): Promise<ApiResponse> {
  const vary = 'Accept-Encoding, Accept'
  const type = wanted(request, [jsonType, ...gnosticTypes])
  if (type === undefined) return notAcceptable(vary)
  const json = await document('v2', (all) => piecesV2(all, aggregator))
  const etag = `"${json.hash}"`
  if (type === jsonType) return serveContent(request, { ...json, etag, headers: { 'content-type': type, vary } })
  const { bytes } = await document('v2 protobuf', (all) => gnosticV2(all, aggregator))
  return serveContent(request, { ...json, bytes, etag, headers: { 'content-type': gnosticType, vary } })
}

async function answerV3(request: ApiRequest, name: string, v3: DocumentV3Of, document: DocumentOf): Promise<ApiResponse> {
  const vary = 'Accept'
  // Of a header without a clause that it understands kube-openapi makes an answer without content.
  if (clausesOf(request.headers.accept || '*/*').length === 0)
    return { status: 200, headers: { vary }, body: { bytes: new Uint8Array() } }
  const type = wanted(request, [jsonType, ...gnosticV3Types])
  if (type === undefined) return notAcceptable(vary)
  const { bytes: json, hash, lastModified } = await v3(name)
  const isJson = type === jsonType
  const bytes = isJson ? json : (await document(`v3 protobuf ${name}`, (all) => gnosticV3Pieces(partsV3(all, name)))).bytes
  const etag = `"${hash}"`
  const headers = { 'content-type': isJson ? jsonType : gnosticV3Type, vary }
  const asked = request.query.get('hash')
  if (!asked) return serveContent(request, { bytes, etag, lastModified, headers })
  if (asked !== hash) {
    return { status: 301, headers: { ...headers, etag, location: urlOf(name, hash) }, body: { bytes: new Uint8Array() } }
  }
  const expires = new Date(Date.now() + 365 * 86_400_000).toUTCString()
  const lasting = { ...headers, 'cache-control': 'public, immutable', expires }
  return serveContent(request, { bytes, etag, lastModified, headers: lasting })
}

async function answerIndex(request: ApiRequest, core: Core, v3: DocumentV3Of): Promise<ApiResponse> {
  const { paths, lastModified } = await index(core, v3)
  const bytes = Buffer.from(JSON.stringify({ paths }))
  // Go's http.ServeContent takes the text, whose name has no ending, for plain.
  return serveContent(request, { bytes, lastModified, headers: { 'content-type': 'text/plain; charset=utf-8' } })
}

const urlOf = (name: string, hash: string): string => `/openapi/v3/${name}?hash=${hash}`

const hasRemotes = (aggregator: Aggregator | undefined): boolean => (aggregator?.versions().length ?? 0) > 0

function* gnosticV2(all: readonly ServedResource[], aggregator: Aggregator | undefined): Generator<Uint8Array> {
  const whole = hasRemotes(aggregator) ? wholeV2(all, aggregator) : undefined
  const definitions = whole ? new Map(Object.entries(whole.definitions)) : definitionsOf(all, 'v2')
  const paths = whole ? Object.entries(whole.paths) : pathsV2(all, definitions)
  yield* gnosticPieces(documentV2([], new Map()), paths, described(definitions))
}

function* piecesV2(all: readonly ServedResource[], aggregator: Aggregator | undefined): Generator<string> {
  const whole = hasRemotes(aggregator) ? wholeV2(all, aggregator) : undefined
  const definitions = whole ? new Map(Object.entries(whole.definitions)) : definitionsOf(all, 'v2')
  const { paths: _, definitions: __, ...rest } = { ...documentV2([], new Map()) }
  yield `${JSON.stringify(rest).slice(0, -1)},"paths":`
  yield* jsonMembers(whole ? Object.entries(whole.paths) : pathsV2(all, definitions))
  yield ',"definitions":'
  yield* jsonMembers(described(definitions))
  yield '}'
}

/** The v2 document with what aggregated servers publish. */
function wholeV2(all: readonly ServedResource[], aggregator: Aggregator | undefined): SpecV2 {
  const own = documentV2(all, definitionsOf(all, 'v2'))
  const remote = (aggregator?.versions() ?? []).flatMap((v) => aggregator?.openApi(v)?.v2 ?? [])
  return remote.reduce<SpecV2>((base, more) => ({ ...own, ...join(base, more) }), own)
}

/** The hash in each URL lets clients keep a document for good. */
async function index(core: Core, v3: DocumentV3Of): Promise<{ paths: object; lastModified: Date }> {
  const paths: Record<string, object> = {}
  let lastModified = new Date(0)
  let started = performance.now()
  for (const name of documentNames([...core.registry.all()])) {
    const written = await v3(name)
    // Each of many small documents is made at once.
    started = await nextTurn(started)
    paths[name] = { serverRelativeURL: urlOf(name, written.hash) }
    if (written.lastModified > lastModified) lastModified = written.lastModified
  }
  for (const remote of core.aggregator?.versions() ?? []) {
    const hash = core.aggregator?.openApi(remote)?.v3Hash
    const path = rootOf(remote).slice(1)
    delete paths[path]
    if (hash !== undefined) paths[path] = { serverRelativeURL: `/openapi/v3/${path}${hash ? `?hash=${hash}` : ''}` }
  }
  return { paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))), lastModified }
}
