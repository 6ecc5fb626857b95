import { StatusError } from '../../apimachinery/status.ts'

export type Format = 'json' | 'yaml' | 'protobuf'

/** What the caller wants to get. */
export interface Accepted {
  readonly format: Format
  /** `Table`, `PartialObjectMetadata`, `PartialObjectMetadataList`; '' for the object itself. */
  readonly as: '' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'
  /** Of `as`: `v1` or `v1beta1`. */
  readonly version: string
  readonly pretty: boolean
}

const mediaTypes: Readonly<Record<Format, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
}

export const mediaTypeOf = (format: Format): string => mediaTypes[format]

export const plainJson: Accepted = { format: 'json', as: '', version: '', pretty: false }

const known: readonly { type: string; subtype: string; format: Format }[] = [
  { type: 'application', subtype: 'json', format: 'json' },
  { type: 'application', subtype: 'yaml', format: 'yaml' },
  { type: 'application', subtype: 'vnd.kubernetes.protobuf', format: 'protobuf' },
]

interface Clause {
  readonly type: string
  readonly subtype: string
  readonly quality: number
  readonly params: Readonly<Record<string, string>>
}

export interface AcceptOptions {
  /** Custom resources have no protobuf form but that of their metadata. */
  readonly protobuf?: boolean
  /** Only what can be sent as a stream of frames. */
  readonly stream?: boolean
  /** Whether Table and PartialObjectMetadata may be asked for. */
  readonly views?: boolean
  /** Whether Table may be: a clause that asks for one is passed over where there is none. */
  readonly tables?: boolean
}

type Headers = Readonly<Record<string, string>>

/** Programs by which people look at answers: they get them indented unless they ask otherwise. */
const readers = /^(?:curl|Wget|Mozilla\/5\.0)/
const truths = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])

const isPretty = (headers: Headers, query: URLSearchParams): boolean => {
  const asked = query.get('pretty')
  return asked ? truths.has(asked) : readers.test(headers['user-agent'] ?? '')
}

/** The best form for the `accept` of these headers, or undefined: 406. */
export function negotiate(headers: Headers, query: URLSearchParams, options: AcceptOptions = {}): Accepted | undefined {
  const { protobuf = true, stream = false, views = true, tables = true } = options
  const { accept: header } = headers
  const pretty = isPretty(headers, query)
  if (header === undefined || header === '') return pretty ? { ...plainJson, pretty } : plainJson
  if (header === 'application/json') return pretty ? { ...plainJson, pretty } : plainJson
  for (const clause of clausesOf(header)) {
    for (const form of known) {
      if (clause.type !== '*' && clause.type !== form.type) continue
      if (clause.subtype !== '*' && clause.subtype !== form.subtype) continue
      if (stream && form.format === 'yaml') continue
      const view = viewOf(clause.params, views, form.format)
      if (view?.as === 'Table' && !tables) continue
      if (form.format === 'protobuf' && !protobuf && view?.as === '') continue
      if (view) return { format: form.format, ...view, pretty: pretty && form.format === 'json' }
    }
  }
  return undefined
}

function viewOf(
  params: Readonly<Record<string, string>>,
  views: boolean,
  format: Format,
): Pick<Accepted, 'as' | 'version'> | undefined {
  const { as, v = '', g = '' } = params
  if (as === undefined) return { as: '', version: '' }
  if (!views || g !== 'meta.k8s.io' || (v !== 'v1' && v !== 'v1beta1')) return undefined
  if (as === 'Table') return format === 'protobuf' ? undefined : { as, version: v }
  if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return { as, version: v }
  return undefined
}

/** By quality, then as sent. */
function clausesOf(header: string): Clause[] {
  const clauses = header.split(',').flatMap((part) => {
    const [range = '', ...rest] = part.split(';').map((s) => s.trim())
    const slash = range.indexOf('/')
    const params: Record<string, string> = {}
    for (const p of rest) {
      const eq = p.indexOf('=')
      if (eq > 0) params[p.slice(0, eq).trim().toLowerCase()] = p.slice(eq + 1).trim()
    }
    const type = slash < 0 ? range : range.slice(0, slash)
    const subtype = slash < 0 ? (range === '*' ? '*' : '') : range.slice(slash + 1)
    const quality = Number(params.q ?? 1)
    return quality > 0 ? [{ type, subtype, quality, params }] : []
  })
  return clauses.sort((a, b) => b.quality - a.quality)
}

const listed = (stream: boolean): string => {
  const suffix = stream ? ';stream=watch' : ''
  const types = stream ? [mediaTypes.json] : [mediaTypes.json, mediaTypes.yaml]
  return [...types, mediaTypes.protobuf].map((t) => t + suffix).join(', ')
}

/** A media range that names none of ours is refused by the router, before the resource's own negotiation. */
export function isRoutable(header: string | undefined): boolean {
  if (header === undefined || header === '' || header === 'application/json') return true
  return clausesOf(header).some(
    (c) => (c.type === '*' || c.type === 'application') && (c.subtype === '*' || known.some((k) => k.subtype === c.subtype)),
  )
}

export function unroutable(isList: boolean): StatusError {
  const streams = isList ? ', application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch' : ''
  const message = `406: Not Acceptable\n\nAvailable representations: ${listed(false)}${streams}`
  return new StatusError(406, 'NotAcceptable', message, {})
}

export function notAcceptable(options: AcceptOptions = {}): StatusError {
  const types = listed(options.stream ?? false)
  return new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${types}`)
}
