import { invalid, invalidObject } from '../../apimachinery/field-error.ts'
import { jsonText } from '../../apimachinery/json.ts'
import { alphabetical } from '../../apimachinery/key-order.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { apiVersionOf, parseApiVersion } from '../../apimachinery/resource.ts'
import { badRequest, type StatusError } from '../../apimachinery/status.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { contentFormat } from '../negotiation/content.ts'
import type { ObjectRules } from '../registry/rules.ts'
import type { GroupVersionKind } from '../registry/served.ts'
import type { ApiRequest } from '../request.ts'
import { type Decoded, DecodeError, hasEmpties, markEmpties, readTypeMeta, strictMessage, textAhead } from '../schema/decode.ts'
import { kindProblem } from '../schema/schemes.ts'
import { typeOf } from '../schema/types.ts'
import { hasFloats, markFloats } from '../schema/whole-floats.ts'
import { textOf } from '../watch/stored.ts'
import { decodeProtobuf } from './protobuf.ts'
import { readYaml } from './read-yaml.ts'
import { bulkOf, paced } from './readable.ts'
import { unrecognized } from './unrecognized.ts'
import { duplicateKeys, duplicatesError } from './yaml-duplicates.ts'

interface Body {
  readonly object: KubeObject
  /** Unknown and duplicate fields, when the request asks to hear of them. */
  readonly warnings: readonly string[]
  /** A custom object that calls itself something else: told when the rest of the object is looked at. */
  readonly mistyped?: StatusError
}

/**
 * The body as an object of `gvk`: kind and apiVersion may be absent, but not others. Throws 400 and 415 as kube-apiserver words them.
 */
export function readBody(...given: Parameters<typeof bodySteps>): Body | Promise<Body> {
  return paced(bulkOf(given[0]), bodySteps(...given))
}

function* bodySteps(
  request: ApiRequest,
  gvk: GroupVersionKind,
  rules: ObjectRules,
  validation: 'Ignore' | 'Warn' | 'Strict',
): Steps<Body> {
  const { body } = request
  if (body !== undefined && !(body instanceof Uint8Array)) return settle(decodeObject(body, gvk, rules), gvk, 'Ignore')
  const bytes = body ?? new Uint8Array()
  const format = contentFormat(request.headers['content-type'], rules.type !== undefined)
  if (format === 'protobuf') return settle(decodeProtobuf(bytes, gvk), gvk, 'Ignore')
  const text = textAhead(bytes) ?? textOf(bytes)
  const json = format === 'yaml' ? yamlToValue(text, gvk) : undefined
  const twice = validation === 'Ignore' ? [] : json ? duplicateKeys(text) : (request.duplicates ?? [])
  const read = json === undefined ? typeMetaOfText(text, gvk, bytes) : typeMetaOfYaml(json.value, gvk, bytes)
  // Of the path's own group no version is the path's, and Go reads `/v1` as the version of the group without a name.
  const named = ['/', `${gvk.group}/`].includes(read.apiVersion) ? '' : read.apiVersion
  const meta = { ...read, apiVersion: named.lastIndexOf('/') === 0 ? named.slice(1) : named }
  if (meta.apiVersion.split('/').length > 2) throw unrecognized(gvk, `unexpected GroupVersion string: ${meta.apiVersion}`, bytes)
  const isCustom = rules.type === undefined && !typeOf(gvk.group, gvk.version, gvk.kind)
  if (isCustom && !meta.kind) throw unrecognized(gvk, `Object 'Kind' is missing in '${text}'`, bytes)
  if (!isCustom) checkKind(meta, gvk, () => (json === undefined ? text : jsonText(json.value)))
  const decoded =
    json === undefined
      ? yield* attemptSteps(meta, gvk, rules.decode(text))
      : attempt(meta, gvk, () => rules.decodeValue(json.value))
  yield
  const settled = settle({ decoded, meta, twice, namesVersion: isCustom }, gvk, validation)
  const mistyped = isCustom ? customTypeError(gvk, meta, settled.object.metadata.name ?? '') : undefined
  return mistyped ? { ...settled, mistyped } : settled
}

/** A custom object that calls itself something else is not one of its kind: 422. */
export function customTypeError(wanted: GroupVersionKind, { apiVersion, kind }: TypeMeta, name: string): StatusError | undefined {
  const own = apiVersionOf(wanted)
  const errors = [
    ...(kind === wanted.kind ? [] : [invalid('kind', kind, `must be ${wanted.kind}`)]),
    ...(apiVersion === own ? [] : [invalid('apiVersion', apiVersion, `must be ${own}`)]),
  ]
  return errors.length > 0 ? invalidObject({ group: parseApiVersion(apiVersion).group, kind }, name, errors) : undefined
}

interface Read {
  /** Keys that the YAML says twice. */
  readonly twice?: readonly string[]
  /** A custom object must name its version; that of others is the path's. */
  readonly namesVersion?: boolean
  readonly decoded: Decoded
  readonly meta: TypeMeta
}
interface TypeMeta {
  readonly apiVersion: string
  readonly kind: string
}

function decodeObject(body: object, gvk: GroupVersionKind, rules: ObjectRules): Read {
  const meta = typeMetaOf(body)
  checkKind(meta, gvk, () => jsonText(body))
  return { decoded: attempt(meta, gvk, () => rules.decodeValue(privateCopy(body))), meta }
}

/** A caller in process may hand in parts of objects it has read, which are frozen and shared; defaulting writes into them. */
function privateCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(privateCopy)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, privateCopy(inner)]))
}

function settle(
  { decoded, meta, twice = [], namesVersion = false }: Read,
  gvk: GroupVersionKind,
  validation: 'Ignore' | 'Warn' | 'Strict',
): Body {
  const { strictErrors } = decoded
  const all = twice.length > 0 ? [duplicatesError(twice), ...strictErrors] : strictErrors
  if (all.length > 0 && validation === 'Strict') {
    // A custom object is by now what it calls itself.
    throw cannotHandle(meta, { ...gvk, kind: meta.kind || gvk.kind }, strictMessage(all))
  }
  const apiVersion = apiVersionOf(gvk)
  if ((meta.apiVersion || namesVersion) && meta.apiVersion !== apiVersion) {
    throw badRequest(`the API version in the data (${meta.apiVersion}) does not match the expected API version (${apiVersion})`)
  }
  const { kind: _, apiVersion: __, ...rest } = decoded.value
  const metadata = (rest.metadata ?? {}) as KubeObject['metadata']
  const object = { kind: gvk.kind, apiVersion, ...rest, metadata } as KubeObject
  if (hasEmpties(decoded.value)) markEmpties(object)
  if (hasFloats(decoded.value)) markFloats(object)
  return { object, warnings: validation === 'Warn' ? [...twice, ...strictErrors] : [] }
}

function typeMetaOf(value: unknown): TypeMeta {
  const { apiVersion, kind } = (typeof value === 'object' && value !== null ? value : {}) as Partial<TypeMeta>
  return { apiVersion: typeof apiVersion === 'string' ? apiVersion : '', kind: typeof kind === 'string' ? kind : '' }
}

/** Of what JSON was made of, which is then read as JSON. */
function typeMetaOfYaml(value: unknown, gvk: GroupVersionKind, bytes: Uint8Array): TypeMeta {
  const isObject = typeof value === 'object' && !Array.isArray(value)
  return isObject ? typeMetaOf(value) : typeMetaOfText(jsonText(value), gvk, bytes)
}

function typeMetaOfText(text: string, gvk: GroupVersionKind, bytes: Uint8Array): TypeMeta {
  try {
    return readTypeMeta(text)
  } catch (e) {
    if (e instanceof DecodeError) throw unrecognized(gvk, e.message, bytes)
    throw e
  }
}

function* attemptSteps(meta: TypeMeta, gvk: GroupVersionKind, decode: Steps<Decoded>): Steps<Decoded> {
  try {
    return yield* decode
  } catch (e) {
    if (!(e instanceof DecodeError)) throw e
    throw cannotHandle(meta, gvk, e.message)
  }
}

function attempt(meta: TypeMeta, gvk: GroupVersionKind, decode: () => Decoded): Decoded {
  try {
    return decode()
  } catch (e) {
    if (!(e instanceof DecodeError)) throw e
    throw cannotHandle(meta, gvk, e.message)
  }
}

function cannotHandle(meta: TypeMeta, gvk: GroupVersionKind, why: string): StatusError {
  const kind = meta.kind || gvk.kind
  const version = meta.apiVersion ? parseApiVersion(meta.apiVersion).version : gvk.version
  return badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${gvk.kind}: ${why}`)
}

/** Throws 400 for kinds and versions that are not `gvk`'s; kube-apiserver looks for the type before it reads the rest. */
function checkKind(meta: TypeMeta, gvk: GroupVersionKind, text: () => string): void {
  const own = apiVersionOf(gvk)
  const apiVersion = meta.apiVersion || own
  if (apiVersion === own && (meta.kind || gvk.kind) === gvk.kind) return
  if (apiVersion.endsWith('/')) throw cannotHandle(meta, gvk, `Object 'apiVersion' is missing in '${text()}'`)
  const problem = kindProblem(apiVersion, meta.kind || gvk.kind, gvk)
  if (problem !== undefined) throw cannotHandle(meta, gvk, problem)
}

function yamlToValue(text: string, gvk: GroupVersionKind): { value: unknown } {
  try {
    // Go makes JSON of YAML by way of maps: that is the order in which it finds mistakes.
    return { value: alphabetical(readYaml(text)) }
  } catch (e) {
    throw unrecognized(gvk, (e as Error).message, Buffer.from(text))
  }
}
