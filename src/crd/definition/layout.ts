import { sameJson } from '../../apimachinery/same-json.ts'
import { dumpSchema } from '../schema/go-dump.ts'
import type { Json, JsonSchema } from '../schema/json-schema.ts'
import type { DefinitionSpec, DefinitionVersion, PrinterColumn, SelectableField, Subresources } from './definition.ts'

/**
 * A definition's spec as the API server's rules see it: what all versions say alike is said once, at the top.
 * Its error paths (`spec.validation`, `spec.selectableFields`) and dumped versions come from this form.
 */
export interface Layout {
  /** The name of the first version; '' when there is none. */
  readonly version: string
  readonly versions: readonly DefinitionVersion[]
  readonly schema: DefinitionVersion['schema']
  readonly subresources: Subresources | undefined
  readonly columns: readonly PrinterColumn[] | undefined
  readonly selectableFields: readonly SelectableField[] | undefined
}

type Shared = 'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields'
const SHARED: readonly Shared[] = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields']

export function layoutOf(spec: DefinitionSpec): Layout {
  const versions = spec.versions ?? []
  const [first] = versions
  const shared = first === undefined ? [] : SHARED.filter((key) => versions.every((version) => same(version[key], first[key])))
  const top = <K extends Shared>(key: K): DefinitionVersion[K] | undefined => (shared.includes(key) ? first?.[key] : undefined)
  return {
    version: first?.name ?? '',
    versions: versions.map((version) => without(version, shared)),
    schema: top('schema'),
    subresources: top('subresources'),
    columns: top('additionalPrinterColumns'),
    selectableFields: top('selectableFields'),
  }
}

/** Empty lists are as good as none. */
function same(a: unknown, b: unknown): boolean {
  const normal = (value: unknown): unknown => (Array.isArray(value) && value.length === 0 ? undefined : value)
  return sameJson(normal(a) as Json | undefined, normal(b) as Json | undefined)
}

const without = (version: DefinitionVersion, keys: readonly Shared[]): DefinitionVersion =>
  ({ ...version, ...Object.fromEntries(keys.map((key) => [key, undefined])) }) as DefinitionVersion

/** All schemas of a definition, the shared one once. */
export function schemasIn({ schema, versions }: Layout): JsonSchema[] {
  return [schema, ...versions.map((version) => version.schema)].flatMap((holder) => holder?.openAPIV3Schema ?? [])
}

/** Versions as the API server's error messages show them. */
export function dumpVersions(versions: readonly DefinitionVersion[]): unknown[] {
  return versions.map((version) => ({
    Name: version.name ?? '',
    Served: version.served ?? false,
    Storage: version.storage ?? false,
    Deprecated: version.deprecated ?? false,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: version.schema === undefined ? null : { OpenAPIV3Schema: dumpOptional(version.schema.openAPIV3Schema) },
    Subresources: dumpSubresources(version.subresources),
    AdditionalPrinterColumns: version.additionalPrinterColumns?.map(dumpColumn) ?? null,
    SelectableFields: version.selectableFields?.map(({ jsonPath }) => ({ JSONPath: jsonPath ?? '' })) ?? null,
  }))
}

const dumpOptional = (schema: JsonSchema | undefined): unknown => (schema === undefined ? null : dumpSchema(schema))

function dumpSubresources(subresources: Subresources | undefined): unknown {
  if (subresources === undefined) return null
  const { status, scale } = subresources
  return {
    Status: status ?? null,
    Scale: scale
      ? {
          SpecReplicasPath: scale.specReplicasPath ?? '',
          StatusReplicasPath: scale.statusReplicasPath ?? '',
          LabelSelectorPath: scale.labelSelectorPath ?? null,
        }
      : null,
  }
}

const dumpColumn = (column: PrinterColumn): unknown => ({
  Name: column.name ?? '',
  Type: column.type ?? '',
  Format: column.format ?? '',
  Description: column.description ?? '',
  Priority: column.priority ?? 0,
  JSONPath: column.jsonPath ?? '',
})
