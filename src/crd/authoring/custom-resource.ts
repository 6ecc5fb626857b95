import type { KubeObject, ObjectMeta } from '../../apimachinery/object.ts'
import type { Resource } from '../../apimachinery/resource.ts'
import type { CustomResourceDefinition, DefinitionVersion, ScaleSubresource } from '../definition/definition.ts'
import type { JsonSchema, ValidationRule } from '../schema/json-schema.ts'
import { type Columns, columnsOf } from './columns.ts'
import { type AnySchema, type ConditionValue, type InputOf, schema as kinds, type ValueOf } from './schema.ts'

/** What a version of a custom kind has. */
interface VersionParts<Spec extends AnySchema, Status extends AnySchema> {
  readonly spec: Spec
  /** An object; `conditions` and `observedGeneration`, which the runtime writes, are always there besides. */
  readonly status?: Status
  /** What `kubectl get` shows besides name and age: a title and a path such as `.spec.replicas`, whose type the schema tells. */
  readonly columns?: Columns
  /** For `kubectl scale` and autoscalers: paths such as `.spec.replicas`. */
  readonly scale?: { readonly spec: string; readonly status: string; readonly selector?: string }
  /** Paths that field selectors may name. */
  readonly selectable?: readonly string[]
  /** CEL rules over the whole object: `self.metadata.name`, `self.spec`, `self.status`. */
  readonly rules?: readonly ValidationRule[]
  readonly description?: string
}

/** A further version that is served beside the main one. */
interface OtherVersion extends VersionParts<AnySchema, AnySchema> {
  readonly version: string
  /** Default true. */
  readonly served?: boolean
  /** true, or the warning that clients get. */
  readonly deprecated?: boolean | string
}

interface CustomResourceParts<Spec extends AnySchema, Status extends AnySchema> extends VersionParts<Spec, Status> {
  readonly group: string
  /** The version that objects are stored in and programs see. */
  readonly version: string
  readonly kind: string
  /** Default: the kind in lower case, in the plural. */
  readonly plural?: string
  readonly singular?: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  /** Default `Namespaced`. */
  readonly scope?: 'Namespaced' | 'Cluster'
  readonly otherVersions?: readonly OtherVersion[]
}

/** Objects of a custom kind, as a reader gets them. */
export interface CustomObject<Spec, Status> extends KubeObject {
  spec: Spec
  status?: Partial<Status> & CommonStatus
}

/** What every status has. */
interface CommonStatus {
  conditions?: ConditionValue[]
  observedGeneration?: number
}

/** A custom kind: what a client and an operator need of it, and its definition. */
export interface CustomResource<T extends KubeObject = KubeObject, Input = unknown> extends Resource<T> {
  readonly definition: CustomResourceDefinition
  /** An object with what a writer must give; the server fills in what has a default. */
  make(metadata: ObjectMeta, spec: Input): T
}

/** The type of a custom kind's objects: `type Database = ObjectOf<typeof Database>`. */
export type ObjectOf<R extends { readonly objectType?: unknown }> = NonNullable<R['objectType']>

/** A custom kind written in TypeScript: its static type is inferred, its definition is made. */
export function customResource<Spec extends AnySchema, Status extends AnySchema>(
  parts: CustomResourceParts<Spec, Status>,
): CustomResource<CustomObject<ValueOf<Spec>, ValueOf<Status>>, InputOf<Spec>> {
  const { group, version, kind } = parts
  const resource = parts.plural ?? pluralOf(kind)
  const namespaced = parts.scope !== 'Cluster'
  const definition = definitionOf(parts, resource)
  const apiVersion = `${group}/${version}`
  type T = CustomObject<ValueOf<Spec>, ValueOf<Status>>
  return {
    group,
    version,
    resource,
    kind,
    namespaced,
    definition,
    make: (metadata, spec) => ({ apiVersion, kind, metadata, spec }) as T,
  }
}

export function isCustomResource(value: unknown): value is CustomResource {
  const { definition, kind } = (value ?? {}) as Partial<CustomResource>
  return typeof kind === 'string' && definition?.kind === 'CustomResourceDefinition'
}

/** The plural of a kind in lower case. English enough: policies, boxes, databases. */
export function pluralOf(kind: string): string {
  const word = kind.toLowerCase()
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`
  return /(s|x|z|ch|sh)$/.test(word) ? `${word}es` : `${word}s`
}

function definitionOf(parts: CustomResourceParts<AnySchema, AnySchema>, plural: string): CustomResourceDefinition {
  const { group, kind, singular, shortNames, categories, scope = 'Namespaced', otherVersions = [] } = parts
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: {
        kind,
        plural,
        singular: singular ?? kind.toLowerCase(),
        listKind: `${kind}List`,
        ...(shortNames ? { shortNames } : {}),
        ...(categories ? { categories } : {}),
      },
      scope,
      versions: [versionOf(parts, true), ...otherVersions.map((other) => versionOf(other, false))],
    },
  }
}

function versionOf(parts: VersionParts<AnySchema, AnySchema> & Partial<OtherVersion>, storage: boolean): DefinitionVersion {
  const { version = '', scale, columns, selectable, deprecated, served = true } = parts
  const schema = rootSchema(parts)
  return {
    name: version,
    served,
    storage,
    ...(deprecated ? { deprecated: true } : {}),
    ...(typeof deprecated === 'string' ? { deprecationWarning: deprecated } : {}),
    schema: { openAPIV3Schema: schema },
    subresources: { status: {}, ...(scale ? { scale: scaleOf(scale) } : {}) },
    ...(columns ? { additionalPrinterColumns: columnsOf(columns, schema) } : {}),
    ...(selectable ? { selectableFields: selectable.map((jsonPath) => ({ jsonPath })) } : {}),
  }
}

const scaleOf = ({ spec, status, selector }: NonNullable<VersionParts<AnySchema, AnySchema>['scale']>): ScaleSubresource => ({
  specReplicasPath: spec,
  statusReplicasPath: status,
  ...(selector ? { labelSelectorPath: selector } : {}),
})

function rootSchema({ spec, status, rules, description }: VersionParts<AnySchema, AnySchema>): JsonSchema {
  return {
    type: 'object',
    ...(description ? { description } : {}),
    ...(spec.presence === 'required' ? { required: ['spec'] } : {}),
    properties: { spec: spec.json, status: statusSchema(status?.json ?? { type: 'object' }) },
    ...(rules ? { 'x-kubernetes-validations': rules } : {}),
  }
}

/** No field of a status is required: it is written bit by bit. */
const statusSchema = ({ required: _, ...own }: JsonSchema): JsonSchema => ({
  ...own,
  properties: {
    observedGeneration: { type: 'integer', format: 'int64' },
    conditions: kinds.conditions().json,
    ...own.properties,
  },
})
