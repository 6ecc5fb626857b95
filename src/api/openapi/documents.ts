import type { SpecV2 } from '../aggregation/openapi.ts'
import type { GroupVersionKind, ServedResource } from '../registry/served.ts'
import { builtInPaths } from './built-in-paths.ts'
import { customPaths } from './custom-paths.ts'
import { builtInDefinitions, closure, definitionOf, described, kindsOf, type Schema, schemaV3, v3Prefix } from './definitions.ts'
import { discoveryPaths, versionPath } from './discovery-paths.ts'
import type { Operation, Path } from './operations.ts'
import { bodyV2, parameterV2, parameterV3, sharedParameters } from './parameters.ts'

const info = { title: 'Kubernetes', version: '1.36' }
const customInfo = { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' }
const bearer = { type: 'apiKey', name: 'authorization', in: 'header', description: 'Bearer Token authentication' }

/** The definition of a kind: a built-in type's, or `com.example.v1.Widget` of a custom kind. */
function definitionName(gvk: GroupVersionKind): string {
  return definitionOf(gvk.group, gvk.version, gvk.kind) ?? customName(gvk)
}

function customName({ group, version, kind }: GroupVersionKind): string {
  return `${group.split('.').reverse().join('.')}.${version}.${kind}`
}

/** The built-in definitions and those of the custom kinds among `resources`, as `document` shows them. */
export function definitionsOf(resources: readonly ServedResource[], document: 'v2' | 'v3'): ReadonlyMap<string, Schema> {
  const custom = resources.filter((r) => r.published)
  if (custom.length === 0) return builtInDefinitions()
  const all = new Map(builtInDefinitions())
  for (const r of custom) for (const [name, schema] of r.published?.(document) ?? []) all.set(name, schema)
  return all
}

/** The definition of a kind among `definitions`, '' when it has none. */
const among =
  (definitions: ReadonlyMap<string, Schema>) =>
  (gvk: GroupVersionKind): string =>
    definitions.has(definitionName(gvk)) ? definitionName(gvk) : ''

/** The names of the v3 documents, as they stand behind /openapi/v3/: `apis/apps/v1`, `version`. */
export function documentNames(all: readonly ServedResource[]): Set<string> {
  const names = new Set([...discoveryPaths(all).keys()].map((path) => path.slice(1, -1)))
  for (const r of all) names.add(nameOf(r))
  return names
}

const nameOf = ({ group, version }: ServedResource): string => (group === '' ? `api/${version}` : `apis/${group}/${version}`)

/** A v3 document whose parts are made one by one, as they are asked for. */
export interface PartsV3 {
  readonly openapi: '3.0.0'
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Iterable<readonly [string, unknown]>
  readonly schemas: Iterable<readonly [string, unknown]>
  readonly securitySchemes: Readonly<Record<string, Schema>>
}

/** The v3 document of this name. Its paths are to be taken before its schemas: these are what the paths need. */
export function partsV3(all: readonly ServedResource[], name: string): PartsV3 {
  const own = all.filter((r) => nameOf(r) === name)
  const [first] = own
  const definitions = definitionsOf(own, 'v3')
  const roots = new Set<string>()
  return {
    openapi: '3.0.0',
    info: first?.isCustom ? customInfo : info,
    paths: pathsV3(pathsIn(own, discoveryPaths(all).get(`/${name}/`), definitions), roots),
    schemas: schemasV3(roots, definitions, first?.isCustom ? isOfClients : ofVersion(first)),
    securitySchemes: first?.isCustom ? {} : { BearerToken: bearer },
  }
}

function* pathsIn(
  own: readonly ServedResource[],
  discovery: Path | undefined,
  definitions: ReadonlyMap<string, Schema>,
): Generator<Path> {
  if (discovery) yield discovery
  const [first] = own
  if (first && !first.isCustom) yield versionPath(first)
  for (const r of own) yield* pathsOf(r, among(definitions))
}

/** `roots` is told of the definitions that they mention. */
function* pathsV3(paths: Iterable<Path>, roots: Set<string>): Generator<readonly [string, unknown]> {
  for (const path of paths) {
    for (const o of path.operations) roots.add(o.answer).add(o.body?.definition ?? '')
    yield [path.path, pathV3(path)]
  }
}

function* schemasV3(
  roots: ReadonlySet<string>,
  definitions: ReadonlyMap<string, Schema>,
  isOwn: KindFilter,
): Generator<readonly [string, unknown]> {
  for (const [name, schema] of described(closure(roots, definitions))) yield [name, schemaV3(name, kindsOf(schema, isOwn))]
}

type KindFilter = (kind: { readonly group: string; readonly version: string }) => boolean

/** What of the kinds that every group has the document of a built-in version shows. */
const ofVersion =
  (first: ServedResource | undefined): KindFilter =>
  ({ group, version }) =>
    (group === '' && version === 'v1') || (group === first?.group && version === first.version)

/** Groups that client-go's scheme, which custom resources' documents are made with, does not know. */
const unknownToClients = new Set(['admission.k8s.io', 'apiextensions.k8s.io', 'apiregistration.k8s.io', 'imagepolicy.k8s.io'])
const isOfClients: KindFilter = ({ group }) => !unknownToClients.has(group)

function pathsOf(r: ServedResource, definition: (gvk: GroupVersionKind) => string): Path[] {
  return r.isCustom ? customPaths(r, definition) : builtInPaths(r, definition)
}

function pathV3({ parameters, operations, subject }: Path): object {
  return {
    ...Object.fromEntries(operations.map((o) => [o.method, operationV3(o, subject)])),
    ...(parameters.length > 0 ? { parameters: parameters.map((key) => parameterV3(key, subject)) } : {}),
  }
}

/** The descriptions of answers. */
const reasons: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' }

function operationV3(o: Operation, subject: string): object {
  const schema = o.answer ? { $ref: v3Prefix + o.answer } : { type: 'string' }
  const content = Object.fromEntries(o.produces.map((type) => [type, { schema }]))
  const asked = o.body && { schema: { $ref: v3Prefix + o.body.definition } }
  return {
    tags: [o.tag],
    description: o.description,
    operationId: o.id,
    ...(o.parameters.length > 0 ? { parameters: o.parameters.map((key) => parameterV3(key, subject)) } : {}),
    ...(asked
      ? {
          requestBody: {
            content: Object.fromEntries((o.consumes ?? []).map((type) => [type, asked])),
            ...(o.body?.isRequired ? { required: true } : {}),
          },
        }
      : {}),
    responses: responses(o, (description) => ({ description, content })),
    ...extensions(o),
  }
}

function responses(o: Operation, success: (description: string) => object): object {
  const successes = o.successes.map((status) => [String(status), success(reasons[status] ?? '')])
  return { ...Object.fromEntries(successes), 401: { description: 'Unauthorized' } }
}

const extensions = ({ action, gvk }: Operation): object => ({
  ...(action ? { 'x-kubernetes-action': action } : {}),
  ...(gvk ? { 'x-kubernetes-group-version-kind': { group: gvk.group, version: gvk.version, kind: gvk.kind } } : {}),
})

interface DocumentV2 extends SpecV2 {
  readonly swagger: '2.0'
  readonly info: typeof info
  readonly parameters: Readonly<Record<string, unknown>>
  readonly securityDefinitions: Readonly<Record<string, Schema>>
  readonly security: readonly object[]
}

/** The one v2 document. */
export function documentV2(resources: readonly ServedResource[], definitions: ReadonlyMap<string, Schema>): DocumentV2 {
  return {
    swagger: '2.0',
    info,
    paths: Object.fromEntries(pathsV2(resources, definitions)),
    definitions: Object.fromEntries(described(definitions)),
    parameters: sharedParameters(),
    securityDefinitions: { BearerToken: bearer },
    security: [{ BearerToken: [] }],
  }
}

/** The paths of the v2 document, one by one. */
export function* pathsV2(
  resources: readonly ServedResource[],
  definitions: ReadonlyMap<string, Schema>,
): Generator<readonly [string, unknown]> {
  for (const path of discoveryPaths(resources).values()) yield [path.path, pathV2(path)]
  const versions = new Set<string>()
  for (const r of resources) {
    if (!r.isCustom && !versions.has(nameOf(r))) {
      versions.add(nameOf(r))
      const path = versionPath(r)
      yield [path.path, pathV2(path)]
    }
    for (const path of pathsOf(r, among(definitions))) yield [path.path, pathV2(path)]
  }
}

function pathV2({ parameters, operations, subject }: Path): object {
  return {
    ...Object.fromEntries(operations.map((o) => [o.method, operationV2(o, subject)])),
    ...(parameters.length > 0 ? { parameters: parameters.map((key) => parameterV2(key, subject)) } : {}),
  }
}

function operationV2(o: Operation, subject: string): object {
  const schema = o.answer ? { $ref: `#/definitions/${o.answer}` } : { type: 'string' }
  const isBefore = (key: string): boolean => key < 'body'
  const query = (keys: readonly string[]) => keys.map((key) => parameterV2(key, subject))
  const parameters = [
    ...query(o.parameters.filter(isBefore)),
    ...(o.body ? [bodyV2(o.body.definition, o.body.isRequired)] : []),
    ...query(o.parameters.filter((key) => !isBefore(key))),
  ]
  return {
    description: o.description,
    ...(o.consumes ? { consumes: o.consumes } : {}),
    produces: o.produces,
    schemes: ['https'],
    tags: [o.tag],
    operationId: o.id,
    ...(parameters.length > 0 ? { parameters } : {}),
    responses: responses(o, (description) => ({ description, schema })),
    ...extensions(o),
  }
}
