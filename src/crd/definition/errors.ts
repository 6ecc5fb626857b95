import { type FieldError, invalid, notSupported, required } from '../../apimachinery/field-error.ts'
import { isDns1035Label } from '../../apimachinery/names.ts'
import { sameJson } from '../../apimachinery/same-json.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { goStructJson, type Json } from '../schema/json-schema.ts'
import { atIndex, child } from '../schema/path.ts'
import { schemaErrors } from '../schema/schema-errors.ts'
import { type Approval, approvalOf, isProtectedGroup } from './conditions.ts'
import { type ConversionOptions, caBundleProblem, conversionErrors, hasKnownReviewVersion } from './conversion-errors.ts'
import {
  type CustomResourceDefinition,
  type DefinitionSpec,
  type DefinitionVersion,
  isConditionTrue,
  versionNamed,
  versionsOf,
} from './definition.ts'
import { dumpVersions, type Layout, layoutOf, schemasIn } from './layout.ts'
import { groupErrors, missingNameErrors, namesErrors } from './name-errors.ts'
import { anySchemaPart, hasExtension, hasOddList, hasOddSet, hasOddType, isStructural } from './old-schemas.ts'
import {
  columnsErrors,
  deprecationErrors,
  MOST_SELECTABLE_FIELDS,
  selectableFieldErrors,
  subresourceErrors,
} from './version-errors.ts'

/** What is asked of a definition; less of one that was accepted when less was asked. */
interface Options extends ConversionOptions {
  readonly requireSchema: boolean
  readonly requireStructural: boolean
  readonly requireValidTypes: boolean
  readonly requireAtomicSets: boolean
  readonly requireListMapKeyRules: boolean
  /** Whether the schema of the version is what it was. */
  readonly isUnchanged: (version: string) => boolean
  readonly allowManyFields: (version: DefinitionVersion | undefined) => boolean
}

const NEW: Options = {
  requireKnownReviewVersion: true,
  allowInvalidCaBundle: true,
  requireSchema: true,
  requireStructural: true,
  requireValidTypes: true,
  requireAtomicSets: true,
  requireListMapKeyRules: true,
  isUnchanged: () => false,
  allowManyFields: () => false,
}

/**
 * What is wrong with a definition (defaulted, and prepared as `lifecycle.ts` does), metadata aside: its names are for
 * the rule `definitionNameRule`. `old`: what an update replaces.
 */
export function* definitionErrors(definition: CustomResourceDefinition, old?: CustomResourceDefinition): Steps<FieldError[]> {
  const options = old === undefined ? NEW : yield* optionsFor(definition, old)
  yield
  return [
    ...(yield* specErrors(definition.spec, options)),
    ...(old === undefined ? [] : immutableErrors(definition, old)),
    ...statusErrors(definition),
    ...storedVersionErrors(definition),
    ...approvalErrors(definition, old),
    ...preserveErrors(definition, old),
  ]
}

/** What is wrong with an update of the status subresource, metadata aside. */
export const statusErrors = (definition: CustomResourceDefinition): FieldError[] =>
  namesErrors(definition.status?.acceptedNames ?? {}, 'status.acceptedNames')

function* optionsFor(definition: CustomResourceDefinition, old: CustomResourceDefinition): Steps<Options> {
  const before = schemasIn(layoutOf(old.spec))
  const hadNone = (test: Parameters<typeof anySchemaPart>[1]): boolean => !before.some((schema) => anySchemaPart(schema, test))
  let requireStructural = true
  for (const schema of before) requireStructural &&= yield* isStructural(schema)
  yield
  const webhook = old.spec.conversion?.webhook
  const reviews = webhook?.conversionReviewVersions ?? []
  const caBundle = webhook?.clientConfig?.caBundle
  return {
    requireKnownReviewVersion: reviews.length === 0 || hasKnownReviewVersion(reviews),
    allowInvalidCaBundle:
      !isConditionTrue(old, 'Established') || (Boolean(caBundle) && caBundleProblem(caBundle as string) !== undefined),
    requireSchema: versionsOf(old).every((version) => version.schema?.openAPIV3Schema !== undefined),
    requireStructural,
    requireValidTypes: hadNone(hasOddType),
    requireAtomicSets: hadNone(hasOddSet),
    requireListMapKeyRules: hadNone(hasOddList),
    isUnchanged: (name) => {
      const [now, then] = [versionNamed(definition, name), versionNamed(old, name)]
      return now !== undefined && then !== undefined && sameJson(now.schema as Json | undefined, then.schema as Json | undefined)
    },
    allowManyFields: (version) => {
      const then = version === undefined ? layoutOf(old.spec).selectableFields : versionNamed(old, version.name)?.selectableFields
      const now = version === undefined ? layoutOf(definition.spec).selectableFields : version.selectableFields
      return (then ?? []).length > MOST_SELECTABLE_FIELDS && sameJson(now as unknown as Json, then as unknown as Json)
    },
  }
}

function* specErrors(spec: DefinitionSpec, asked: Options): Steps<FieldError[]> {
  const layout = layoutOf(spec)
  const errors = [...groupErrors(spec.group ?? ''), ...scopeErrors(spec.scope ?? ''), ...missingSchemas(spec, layout, asked)]
  const schemas = schemasIn(layout)
  const hasDefaults = schemas.some((schema) => anySchemaPart(schema, (part) => (part.default ?? null) !== null))
  if (hasDefaults && spec.preserveUnknownFields) {
    errors.push(invalid('spec.preserveUnknownFields', true, 'must be false in order to use defaults in the schema'))
  }
  const needsStructure = !spec.preserveUnknownFields || hasDefaults || schemas.some((part) => anySchemaPart(part, hasExtension))
  const options = needsStructure ? { ...asked, requireStructural: true } : asked
  yield
  for (const [i, version] of layout.versions.entries()) {
    errors.push(...(yield* versionErrors(version, `spec.versions[${i}]`, layout, options)))
  }
  const names = spec.names ?? {}
  return [
    ...errors,
    ...versionListErrors(spec, layout),
    ...missingNameErrors(names),
    ...namesErrors(names, 'spec.names'),
    ...(yield* sharedErrors(layout, options)),
    ...webhookNeedsPruning(spec),
    ...conversionErrors(spec.conversion ?? { strategy: 'None' }, options),
  ]
}

function scopeErrors(scope: string): FieldError[] {
  if (scope === '') return [required('spec.scope')]
  const known = ['Cluster', 'Namespaced']
  return known.includes(scope) ? [] : [notSupported('spec.scope', scope, known)]
}

function missingSchemas(spec: DefinitionSpec, layout: Layout, options: Options): FieldError[] {
  if (layout.schema?.openAPIV3Schema !== undefined) return []
  if (!options.requireSchema && spec.preserveUnknownFields) return []
  return layout.versions.flatMap((version, i) => {
    if (version.schema?.openAPIV3Schema !== undefined || !(options.requireSchema || version.served)) return []
    const detail = options.requireSchema ? undefined : 'because otherwise all fields are pruned'
    return [required(`spec.versions[${i}].schema.openAPIV3Schema`, detail)]
  })
}

/** What is wrong with what `version` says for itself. */
function* versionErrors(version: DefinitionVersion, path: string, layout: Layout, options: Options): Steps<FieldError[]> {
  const problems = isDns1035Label(version.name ?? '')
  const subresources = version.subresources ?? layout.subresources
  const schema = version.schema?.openAPIV3Schema
  return [
    ...(problems.length === 0 ? [] : [invalid(child(path, 'name'), version.name ?? '', problems.join(','))]),
    ...deprecationErrors(version, path),
    ...(schema === undefined
      ? []
      : yield* schemaErrors(schema, child(path, 'schema'), subresources?.status !== undefined, {
          ...options,
          ignoreRuleCosts: options.isUnchanged(version.name),
        })),
    ...subresourceErrors(version.subresources, child(path, 'subresources')),
    ...columnsErrors(version.additionalPrinterColumns, path),
    ...ownSelectableFieldErrors(version, path, options),
  ]
}

function ownSelectableFieldErrors(version: DefinitionVersion, path: string, options: Options): FieldError[] {
  const schema = version.schema?.openAPIV3Schema
  if (!version.selectableFields?.length) return []
  if (schema !== undefined) {
    return selectableFieldErrors(version.selectableFields, schema, path, options.allowManyFields(version))
  }
  const detail = 'may only be set when `version.schema.openAPIV3Schema` is not included'
  return [invalid(child(path, 'selectableFields'), '', detail)]
}

function versionListErrors(spec: DefinitionSpec, { versions, version }: Layout): FieldError[] {
  const dumped = spec.versions == null ? 'null' : goStructJson(dumpVersions(versions))
  const wrong = (detail: string): FieldError => ({
    type: 'FieldValueInvalid',
    field: 'spec.versions',
    message: `Invalid value: ${dumped}: ${detail}`,
  })
  const errors: FieldError[] = []
  const names = versions.map(({ name }) => name)
  if (new Set(names).size < names.length) errors.push(wrong('must contain unique version names'))
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.push(wrong('must have exactly one version marked as storage version'))
  }
  const problems = version === '' ? [] : isDns1035Label(version)
  return problems.length === 0 ? errors : [...errors, invalid('spec.version', version, problems.join(','))]
}

/** What is wrong with what all versions say alike. */
function* sharedErrors(
  { schema, subresources, columns, selectableFields, versions, version }: Layout,
  options: Options,
): Steps<FieldError[]> {
  const statusEnabled = [subresources, ...versions.map((each) => each.subresources)].some((each) => each?.status !== undefined)
  const root = schema?.openAPIV3Schema
  const errors =
    root === undefined
      ? []
      : yield* schemaErrors(root, 'spec.validation', statusEnabled, { ...options, ignoreRuleCosts: options.isUnchanged(version) })
  errors.push(...subresourceErrors(subresources, 'spec.subresources'), ...columnsErrors(columns, 'spec'))
  if (!selectableFields?.length) return errors
  if (schema === undefined) {
    return [...errors, invalid('spec.selectableFields', '', 'may only be set when validations.schema is included')]
  }
  return [...errors, ...selectableFieldErrors(selectableFields, root ?? {}, 'spec', options.allowManyFields(undefined))]
}

function webhookNeedsPruning({ conversion, preserveUnknownFields }: DefinitionSpec): FieldError[] {
  if (!preserveUnknownFields || conversion === undefined || conversion.strategy === 'None') return []
  return [invalid('spec.conversion.strategy', conversion.strategy ?? '', 'must be None if spec.preserveUnknownFields is true')]
}

function immutableErrors({ spec }: CustomResourceDefinition, old: CustomResourceDefinition): FieldError[] {
  const values = (of: DefinitionSpec): [string, string | undefined][] => [
    ['spec.scope', of.scope],
    ['spec.names.kind', of.names?.kind],
    ['spec.group', of.group],
    ['spec.names.plural', of.names?.plural],
  ]
  const before = values(old.spec)
  const skipped = isConditionTrue(old, 'Established') ? 0 : 2
  return values(spec).flatMap(([path, value], i) => {
    if (i < skipped || (value ?? '') === (before[i]?.[1] ?? '')) return []
    return [invalid(path, value ?? '', 'field is immutable')]
  })
}

function storedVersionErrors(definition: CustomResourceDefinition): FieldError[] {
  const path = 'status.storedVersions'
  const stored = definition.status?.storedVersions ?? []
  const shown = stored.length > 0 ? stored : null
  if (stored.length === 0) return [invalid(path, shown, 'must have at least one stored version')]
  // A version that is named twice takes away what the second would be found by.
  const isFirst = (name: string, i: number) => versionsOf(definition).findIndex((v) => v.name === name) === i
  const missing = versionsOf(definition)
    .filter(({ name, storage }, i) => storage && !(stored.includes(name) && isFirst(name, i)))
    .map(({ name }) => invalid(path, stored, `must have the storage version ${name}`))
  const names = versionsOf(definition).map(({ name }) => name)
  const gone = stored.flatMap((name, i) =>
    names.includes(name) || stored.lastIndexOf(name) !== i ? [] : [invalid(atIndex(path, i), name, goneText(name))],
  )
  return [...missing, ...gone]
}

const goneText = (name: string): string =>
  `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`

function approvalErrors(definition: CustomResourceDefinition, old: CustomResourceDefinition | undefined): FieldError[] {
  if (!isProtectedGroup(definition.spec.group ?? '')) return []
  const { state, reason } = approvalOf(definition)
  if (old !== undefined && approvalOf(old).state === state) return []
  const key = 'api-approved.kubernetes.io'
  const path = `metadata.annotations[${key}]`
  const accepted: readonly Approval[] = ['approved', 'bypassed']
  if (accepted.includes(state)) return []
  return state === 'missing' ? [required(path, reason)] : [invalid(path, definition.metadata.annotations?.[key], reason)]
}

function preserveErrors({ spec }: CustomResourceDefinition, old: CustomResourceDefinition | undefined): FieldError[] {
  if (!spec.preserveUnknownFields || old?.spec.preserveUnknownFields) return []
  const detail = 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
  return [invalid('spec.preserveUnknownFields', true, detail)]
}
