import { duplicate, forbiddenField, invalid, required } from '../../../apimachinery/field-error.ts'
import type { TopologySpreadConstraint } from '../../../apimachinery/kinds.generated.ts'
import { checkPositive, checkQualifiedName, checkSupported, type Errors } from '../errors.ts'
import { validateLabelSelector } from '../selector.ts'
import { validateLabelKeys } from './affinity.ts'
import type { PodRules } from './options.ts'

type Constraints = readonly TopologySpreadConstraint[]

export function validateTopologySpread(constraints: Constraints, at: string, rules: PodRules, errors: Errors): void {
  // Where each pair is for the last time: a constraint whose pair comes again is told of.
  const last = new Map(constraints.map((constraint, i) => [pairOf(constraint), i] as const))
  constraints.forEach((constraint, i) => {
    const path = `${at}[${i}]`
    const { topologyKey, whenUnsatisfiable, minDomains } = constraint
    checkPositive(constraint.maxSkew, `${path}.maxSkew`, errors)
    if (!topologyKey) errors.push(required(`${path}.topologyKey`, 'can not be empty'))
    checkSupported(whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway'], `${path}.whenUnsatisfiable`, errors)
    if (last.get(pairOf(constraint)) !== i) {
      errors.push(duplicate(`${path}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`))
    }
    if (minDomains != null) {
      checkPositive(minDomains, `${path}.minDomains`, errors)
      if (whenUnsatisfiable !== 'DoNotSchedule') {
        const text = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`
        errors.push(invalid(`${path}.minDomains`, minDomains, text))
      }
    }
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = constraint[field]
      if (policy != null) checkSupported(policy, ['Honor', 'Ignore'], `${path}.${field}`, errors)
    }
    if (rules.anySpreadLabelKeys) validateOldLabelKeys(constraint, `${path}.matchLabelKeys`, errors)
    else validateLabelKeys(constraint, path, errors)
    if (!rules.anySpreadSelector) validateLabelSelector(constraint.labelSelector, `${path}.labelSelector`, errors)
  })
}

const pairOf = ({ topologyKey, whenUnsatisfiable }: TopologySpreadConstraint): string =>
  JSON.stringify([topologyKey, whenUnsatisfiable])

/** The rule before label keys were merged into the selector; objects that broke the new rule are judged by it. */
function validateOldLabelKeys(
  { matchLabelKeys = [], labelSelector }: TopologySpreadConstraint,
  at: string,
  errors: Errors,
): void {
  if (matchLabelKeys.length === 0) return
  if (!labelSelector) errors.push(forbiddenField(at, 'must not be specified when labelSelector is not set'))
  const selected = new Set(Object.keys(labelSelector?.matchLabels ?? {}))
  for (const { key } of labelSelector?.matchExpressions ?? []) selected.add(key)
  matchLabelKeys.forEach((key, i) => {
    checkQualifiedName(key, `${at}[${i}]`, errors)
    if (selected.has(key)) errors.push(invalid(`${at}[${i}]`, key, 'exists in both matchLabelKeys and labelSelector'))
  })
}
