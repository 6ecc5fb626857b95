import { sameJson } from '../../apimachinery/same-json.ts'
import type { Json } from '../schema/json-schema.ts'
import { withCondition } from './conditions.ts'
import { caBundleProblem } from './conversion-errors.ts'
import type { CustomResourceDefinition, DefinitionCondition, DefinitionNames, DefinitionStatus } from './definition.ts'
import { conditionOf } from './definition.ts'

/** The names that definitions of a group (or built-in kinds of it) hold already. */
interface TakenNames {
  /** Plurals, singulars and short names. */
  readonly resources: ReadonlySet<string>
  readonly kinds: ReadonlySet<string>
}

/** The names that `definitions` of `group` were granted. */
export function takenNames(definitions: Iterable<CustomResourceDefinition>, group: string): TakenNames {
  const resources = new Set<string>()
  const kinds = new Set<string>()
  for (const definition of definitions) {
    const names = definition.status?.acceptedNames
    if (definition.spec.group !== group || names === undefined) continue
    for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])]) if (name) resources.add(name)
    for (const kind of [names.kind, names.listKind]) if (kind) kinds.add(kind)
  }
  return { resources, kinds }
}

/**
 * The status of `definition` after its names were considered: granted ones, NamesAccepted and Established.
 * `taken`: the names of all definitions of its group, itself included. `now`: RFC 3339. The same status when nothing changes.
 */
export function acceptNames(definition: CustomResourceDefinition, taken: TakenNames, now: string): DefinitionStatus {
  if (isAsWanted(definition)) return establishedAsIs(definition, now)
  const { names, accepted } = consider(definition, taken)
  const status = { ...definition.status, acceptedNames: names }
  const withAccepted = withCondition(status, accepted, now)
  return withCondition(withAccepted, established(definition, accepted), now)
}

/** Names that were granted as they are wanted are not looked at again, whatever somebody wrote into the conditions. */
function isAsWanted({ spec, status }: CustomResourceDefinition): boolean {
  return status?.acceptedNames !== undefined && sameJson(withoutEmpty(spec.names), withoutEmpty(status.acceptedNames))
}

const withoutEmpty = (names: DefinitionNames = {}): Json =>
  Object.fromEntries(Object.entries(names).filter(([, name]) => name !== undefined && name.length > 0)) as Json

function establishedAsIs(definition: CustomResourceDefinition, now: string): DefinitionStatus {
  const { status = {} } = definition
  const accepted = conditionOf(definition, 'NamesAccepted')
  return accepted?.status === 'True' ? withCondition(status, established(definition, accepted), now) : status
}

/** Established is for ever, once all names were accepted. */
function established(definition: CustomResourceDefinition, accepted: DefinitionCondition): DefinitionCondition {
  const old = conditionOf(definition, 'Established')
  if (old?.status === 'True') return old
  if (accepted.status === 'True') {
    const caBundle = definition.spec.conversion?.webhook?.clientConfig?.caBundle
    // One that is put in later is waited for: cert-manager's `Cg==`.
    if (caBundle && caBundleProblem(caBundle) !== undefined) {
      const message = 'The conversion webhook CABundle is invalid'
      return { type: 'Established', status: 'False', reason: 'InvalidCABundle', message }
    }
    return {
      type: 'Established',
      status: 'True',
      reason: 'InitialNamesAccepted',
      message: 'the initial names have been accepted',
    }
  }
  return old ?? { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' }
}

function consider(
  definition: CustomResourceDefinition,
  taken: TakenNames,
): { names: DefinitionNames; accepted: DefinitionCondition } {
  const wanted = definition.spec.names ?? {}
  const held = definition.status?.acceptedNames ?? {}
  const granted: Record<string, unknown> = { ...held }
  let conflict: { reason: string; message: string } | undefined
  const grant = (key: 'plural' | 'singular' | 'kind' | 'listKind', reason: string, names: ReadonlySet<string>): void => {
    const name = wanted[key] ?? ''
    if (name !== (held[key] ?? '') && names.has(name)) conflict = { reason, message: inUse(name) }
    else granted[key] = name
  }
  grant('plural', 'PluralConflict', taken.resources)
  grant('singular', 'SingularConflict', taken.resources)
  const shortNames = shortNameConflict(wanted, held, taken)
  if (shortNames === undefined) granted.shortNames = wanted.shortNames
  else conflict = { reason: 'ShortNamesConflict', message: shortNames }
  grant('kind', 'KindConflict', taken.kinds)
  grant('listKind', 'ListKindConflict', taken.kinds)
  granted.categories = wanted.categories
  const accepted: DefinitionCondition =
    conflict === undefined
      ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
      : { type: 'NamesAccepted', status: 'False', ...conflict }
  return { names: ordered(granted), accepted }
}

const inUse = (name: string): string => `${JSON.stringify(name)} is already in use`

function shortNameConflict(wanted: DefinitionNames, held: DefinitionNames, taken: TakenNames): string | undefined {
  if (sameJson((wanted.shortNames ?? []) as Json, (held.shortNames ?? []) as Json)) return undefined
  const conflicts = (wanted.shortNames ?? [])
    .filter((name) => !held.shortNames?.includes(name) && taken.resources.has(name))
    .map(inUse)
  if (conflicts.length === 0) return undefined
  return conflicts.length === 1 ? conflicts[0] : `[${[...new Set(conflicts)].join(', ')}]`
}

function ordered(names: Record<string, unknown>): DefinitionNames {
  const keys = ['plural', 'singular', 'shortNames', 'kind', 'listKind', 'categories']
  return Object.fromEntries(keys.filter((key) => names[key] !== undefined && names[key] !== '').map((key) => [key, names[key]]))
}
