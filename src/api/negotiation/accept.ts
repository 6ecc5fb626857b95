import { StatusError } from '../../apimachinery/status.ts'
import { clausesOf, type Params, trimmed } from './clauses.ts'

const discoveryList = 'APIGroupDiscoveryList'

export type Format = 'json' | 'yaml' | 'protobuf'

/** What the caller wants to get. */
export interface Accepted {
  readonly format: Format
  /** `Table`, `PartialObjectMetadata`, `PartialObjectMetadataList`, of discovery `APIGroupDiscoveryList`; '' for the object itself. */
  readonly as: '' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList' | typeof discoveryList
  /** Of `as`: `v1` or `v1beta1`; of discovery `v2`. */
  readonly version: string
  readonly pretty: boolean
}

const mediaTypes: Readonly<Record<Format, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
}

export const mediaTypeNames: readonly string[] = Object.values(mediaTypes)

export const mediaTypeOf = (format: Format): string => mediaTypes[format]

export const plainJson: Accepted = { format: 'json', as: '', version: '', pretty: false }

const known: readonly { type: string; subtype: string; format: Format }[] = [
  { type: 'application', subtype: 'json', format: 'json' },
  { type: 'application', subtype: 'yaml', format: 'yaml' },
  { type: 'application', subtype: 'vnd.kubernetes.protobuf', format: 'protobuf' },
]

export interface AcceptOptions {
  /** Custom resources have no protobuf form but that of their metadata. */
  readonly protobuf?: boolean
  /** Whether Table and PartialObjectMetadata may be asked for. */
  readonly views?: boolean
  /** Whether Table may be: a clause that asks for one is passed over where there is none. */
  readonly tables?: boolean
  /** The answer is the aggregated discovery document, and nothing else. */
  readonly discovery?: boolean
}

type Headers = Readonly<Record<string, string>>

/** Programs by which people look at answers: they get them indented unless they ask otherwise. */
const readers = /^(?:curl|Wget|Mozilla\/5\.0)/
const truths = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])

/** Whether JSON is indented for this request. */
export const isPretty = (headers: Headers, query: URLSearchParams): boolean => {
  const asked = query.get('pretty')
  return asked ? truths.has(asked) : readers.test(headers['user-agent'] ?? '')
}

/** The best form for the `accept` of these headers, or undefined: 406. */
export function negotiate(headers: Headers, query: URLSearchParams, options: AcceptOptions = {}): Accepted | undefined {
  const { accept: header } = headers
  const pretty = isPretty(headers, query)
  const isPlain = header === undefined || header === '' || header === 'application/json'
  if (isPlain && !options.discovery) return pretty ? { ...plainJson, pretty } : plainJson
  for (const { type, subtype, params } of clausesOf(header ?? '')) {
    for (const form of known) {
      const fits = type === form.type ? subtype === form.subtype || subtype === '*' : type === '*' && subtype === '*'
      const view = fits && isServed(params, form.format, options) ? viewOf(params, form.format, options) : undefined
      if (!view) continue
      return { format: form.format, ...view, pretty: (pretty || params.get('pretty') === '1') && form.format === 'json' }
    }
  }
  return undefined
}

/** Parameters that are not about the view: a stream schema, and the server's version. */
function isServed(params: Params, format: Format, { views = true }: AcceptOptions): boolean {
  const stream = params.get('stream')
  if (stream && (stream !== 'watch' || format === 'yaml')) return false
  const version = params.get('sv')
  return !version || (views && version === 'v1')
}

function viewOf(params: Params, format: Format, options: AcceptOptions): Pick<Accepted, 'as' | 'version'> | undefined {
  const { protobuf = true, views = true, tables = true, discovery = false } = options
  const [as, version = '', group = ''] = ['as', 'v', 'g'].map((name) => params.get(name))
  if (discovery) return group === 'apidiscovery.k8s.io' && version === 'v2' && as === discoveryList ? { as, version } : undefined
  if (!['as', 'v', 'g'].some((name) => params.has(name))) {
    return format === 'protobuf' && !protobuf ? undefined : { as: '', version: '' }
  }
  if (!views || group !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined
  if (as === 'Table') return format === 'protobuf' || !tables ? undefined : { as, version }
  return as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList' ? { as, version } : undefined
}

const listed = (stream: boolean): string => {
  const suffix = stream ? ';stream=watch' : ''
  const types = stream ? [mediaTypes.json] : [mediaTypes.json, mediaTypes.yaml]
  return [...types, mediaTypes.protobuf].map((t) => t + suffix).join(', ')
}

/** The router (go-restful) takes the exact names of what a route makes, or anything; the resource's own negotiation comes after it. */
export function isRoutable(header: string | undefined, made: readonly string[] = mediaTypeNames): boolean {
  if (header === undefined || header === '' || made.includes(header)) return true
  return header.split(',').some((part) => {
    const name = trimmed(part.split(';', 1)[0] ?? '')
    return name === '*/*' || made.includes(name)
  })
}

export function unroutable(made: readonly string[] = mediaTypeNames, isList = false): StatusError {
  const streams = isList ? ', application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch' : ''
  return new StatusError(
    406,
    'NotAcceptable',
    `406: Not Acceptable\n\nAvailable representations: ${made.join(', ')}${streams}`,
    {},
  )
}

export function notAcceptable(stream = false): StatusError {
  return new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${listed(stream)}`)
}
