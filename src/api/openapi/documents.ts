import type { SpecV2 } from '../aggregation/openapi.ts'
import type { GroupVersionKind, ServedResource } from '../registry/served.ts'
import { builtInDefinitions, closure, definitionOf, type Schema, schemaV3, v3Prefix } from './definitions.ts'
import { consumes, type Operation, type Path, parameters, pathsOf, schemaOfType } from './operations.ts'

const info = { title: 'Kubernetes', version: 'v1.36.3' }
const produces = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']
const streams = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch']

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

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.'
const ref = (name: string): Schema => ({ $ref: `#/definitions/${name}` })
const gvkOf = ({ group, version, kind }: GroupVersionKind) => ({ group, version, kind })

/** The v3 document of one group version. */
export function documentV3(resources: readonly ServedResource[], definitions: ReadonlyMap<string, Schema>) {
  const known = (gvk: GroupVersionKind) => (definitions.has(definitionName(gvk)) ? definitionName(gvk) : '')
  const paths: Record<string, unknown> = {}
  const roots = new Set<string>([`${meta}WatchEvent`])
  for (const r of resources) {
    for (const path of pathsOf(r, known)) {
      paths[path.path] = pathV3(path, r)
      for (const o of path.operations) for (const name of [o.answer, o.body]) if (name) roots.add(name)
    }
  }
  const schemas = Object.fromEntries([...closure(roots, definitions)].map(([name, schema]) => [name, schemaV3(name, schema)]))
  return { openapi: '3.0.0', info, paths, components: { schemas } }
}

function pathV3(path: Path, r: ServedResource): object {
  const out: Record<string, unknown> = {}
  for (const o of path.operations) out[o.method] = operationV3(o, r)
  return { ...out, parameters: path.parameters.map(parameterV3) }
}

function parameterV3(name: string): object {
  const p = parameters[name]
  return {
    name,
    in: p?.in,
    description: p?.description,
    ...(p?.in === 'path' ? { required: true } : {}),
    schema: schemaOfType(p?.type ?? 'string'),
  }
}

function operationV3(o: Operation, r: ServedResource): object {
  const answer = o.answer ? { schema: { $ref: v3Prefix + o.answer } } : { schema: { type: 'string' } }
  const types = [...produces.filter((t) => !(r.isCustom && t.includes('protobuf'))), ...(o.action === 'list' ? streams : [])]
  const ok = { description: 'OK', content: Object.fromEntries(types.map((t) => [t, answer])) }
  const body = o.body && {
    content: Object.fromEntries(consumes(o.method, r.isCustom).map((t) => [t, { schema: { $ref: v3Prefix + o.body } }])),
    ...(o.method === 'delete' ? {} : { required: true }),
  }
  return {
    tags: [tagOf(r)],
    description: o.description,
    operationId: o.id,
    ...(o.query.length > 0 ? { parameters: o.query.map(parameterV3) } : {}),
    ...(body ? { requestBody: body } : {}),
    responses: { ...Object.fromEntries(o.successes.map((s) => [String(s), ok])), 401: { description: 'Unauthorized' } },
    'x-kubernetes-action': o.action,
    'x-kubernetes-group-version-kind': gvkOf(o.gvk),
  }
}

const tagOf = ({ group, version }: ServedResource): string => `${group === '' ? 'core' : group.split('.')[0]}_${version}`

export interface DocumentV2 extends SpecV2 {
  readonly swagger: '2.0'
  readonly info: object
  readonly securityDefinitions: object
  readonly security: readonly object[]
}

/** The one v2 document. */
export function documentV2(resources: readonly ServedResource[], definitions: ReadonlyMap<string, Schema>): DocumentV2 {
  const bearer = {
    BearerToken: { type: 'apiKey', name: 'authorization', in: 'header', description: 'Bearer Token authentication' },
  }
  return {
    swagger: '2.0',
    info,
    paths: Object.fromEntries(pathsV2(resources, definitions)),
    definitions: Object.fromEntries(definitions),
    securityDefinitions: bearer,
    security: [{ BearerToken: [] }],
  }
}

/** The paths of the v2 document, one by one. */
export function* pathsV2(
  resources: readonly ServedResource[],
  definitions: ReadonlyMap<string, Schema>,
): Generator<readonly [string, unknown]> {
  const known = (gvk: GroupVersionKind) => (definitions.has(definitionName(gvk)) ? definitionName(gvk) : '')
  for (const r of resources) for (const path of pathsOf(r, known)) yield [path.path, pathV2(path, r)]
}

function pathV2(path: Path, r: ServedResource): object {
  const out: Record<string, unknown> = {}
  for (const o of path.operations) out[o.method] = operationV2(o, r)
  return { ...out, parameters: path.parameters.map(parameterV2) }
}

function parameterV2(name: string): object {
  const p = parameters[name]
  return {
    name,
    in: p?.in,
    description: p?.description,
    type: p?.type,
    uniqueItems: true,
    ...(p?.in === 'path' ? { required: true } : {}),
  }
}

function operationV2(o: Operation, r: ServedResource): object {
  const ok = { description: 'OK', schema: o.answer ? ref(o.answer) : { type: 'string' } }
  const body = o.body
    ? [{ name: 'body', in: 'body', ...(o.method === 'delete' ? {} : { required: true }), schema: ref(o.body) }]
    : []
  return {
    consumes: consumes(o.method, r.isCustom),
    description: o.description,
    operationId: o.id,
    parameters: [...body, ...o.query.map(parameterV2)],
    produces: [...produces.filter((t) => !(r.isCustom && t.includes('protobuf'))), ...(o.action === 'list' ? streams : [])],
    responses: { ...Object.fromEntries(o.successes.map((s) => [String(s), ok])), 401: { description: 'Unauthorized' } },
    schemes: ['https'],
    tags: [tagOf(r)],
    'x-kubernetes-action': o.action,
    'x-kubernetes-group-version-kind': gvkOf(o.gvk),
  }
}
