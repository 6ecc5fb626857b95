import { forbiddenField, invalid, required } from '../../../apimachinery/field-error.ts'
import type {
  Affinity,
  LabelSelector,
  NodeSelector,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Label, isDns1123Subdomain, isLabelValue } from '../../../apimachinery/names.ts'
import { checkQualifiedName, type Errors, pushInvalid } from '../errors.ts'
import { validateLabelSelector } from '../selector.ts'
import type { PodRules } from './options.ts'

type Requirement = NonNullable<NodeSelectorTerm['matchExpressions']>[number]

function validateLabelRequirement(r: Requirement, at: string, anyValue: boolean, errors: Errors): void {
  const values = r.values ?? []
  if (r.operator === 'In' || r.operator === 'NotIn') {
    if (values.length === 0) errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
  } else if (r.operator === 'Exists' || r.operator === 'DoesNotExist') {
    const text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
    if (values.length > 0) errors.push(forbiddenField(`${at}.values`, text))
  } else if (r.operator === 'Gt' || r.operator === 'Lt') {
    const text = "must be specified single value when `operator` is 'Lt' or 'Gt'"
    if (values.length !== 1) errors.push(required(`${at}.values`, text))
  } else errors.push(invalid(`${at}.operator`, r.operator ?? '', 'not a valid selector operator'))
  checkQualifiedName(r.key ?? '', `${at}.key`, errors)
  if (!anyValue)
    values.forEach((value, i) => {
      pushInvalid(errors, `${at}.values[${i}]`, value, isLabelValue(value))
    })
}

function validateFieldRequirement(r: Requirement, at: string, errors: Errors): void {
  const values = r.values ?? []
  if (r.operator === 'In' || r.operator === 'NotIn') {
    const text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
    if (values.length !== 1) errors.push(required(`${at}.values`, text))
  } else errors.push(invalid(`${at}.operator`, r.operator ?? '', 'not a valid selector operator'))
  if (r.key !== 'metadata.name') errors.push(invalid(`${at}.key`, r.key ?? '', 'not a valid field selector key'))
  else
    values.forEach((value, i) => {
      pushInvalid(errors, `${at}.values[${i}]`, value, isDns1123Subdomain(value))
    })
}

function validateNodeTerm(term: NodeSelectorTerm, at: string, anyValue: boolean, errors: Errors): void {
  term.matchExpressions?.forEach((r, i) => {
    validateLabelRequirement(r, `${at}.matchExpressions[${i}]`, anyValue, errors)
  })
  term.matchFields?.forEach((r, i) => {
    validateFieldRequirement(r, `${at}.matchFields[${i}]`, errors)
  })
}

export function validateNodeSelector(selector: NodeSelector, at: string, anyValue: boolean, errors: Errors): void {
  const path = `${at}.nodeSelectorTerms`
  const terms = selector.nodeSelectorTerms ?? []
  if (terms.length === 0) errors.push(required(path, 'must have at least one node selector term'))
  terms.forEach((term, i) => {
    validateNodeTerm(term, `${path}[${i}]`, anyValue, errors)
  })
}

const checkWeight = (weight: number, at: string, errors: Errors): void => {
  if (weight <= 0 || weight > 100) errors.push(invalid(`${at}.weight`, weight, 'must be in the range 1-100'))
}

export function validateAffinity(affinity: Affinity | undefined, at: string, rules: PodRules, errors: Errors): void {
  if (!affinity) return
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity
  const required = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const path = `${at}.nodeAffinity`
  if (required) {
    const any = rules.anyRequiredNodeAffinityValue
    validateNodeSelector(required, `${path}.requiredDuringSchedulingIgnoredDuringExecution`, any, errors)
  }
  nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ weight, preference }, i) => {
    const where = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${i}]`
    checkWeight(weight, where, errors)
    validateNodeTerm(preference ?? {}, `${where}.preference`, true, errors)
  })
  if (podAffinity) validatePodAffinity(podAffinity, `${at}.podAffinity`, rules, errors)
  if (podAntiAffinity) validatePodAffinity(podAntiAffinity, `${at}.podAntiAffinity`, rules, errors)
}

function validatePodAffinity(affinity: PodAffinity, at: string, rules: PodRules, errors: Errors): void {
  affinity.requiredDuringSchedulingIgnoredDuringExecution?.forEach((term, i) => {
    validatePodTerm(term, `${at}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`, rules, errors)
  })
  affinity.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ weight, podAffinityTerm }, i) => {
    const path = `${at}.preferredDuringSchedulingIgnoredDuringExecution[${i}]`
    checkWeight(weight, path, errors)
    validatePodTerm(podAffinityTerm ?? { topologyKey: '' }, `${path}.podAffinityTerm`, rules, errors)
  })
}

function validatePodTerm(term: PodAffinityTerm, at: string, rules: PodRules, errors: Errors): void {
  validateLabelSelector(term.labelSelector, `${at}.labelSelector`, errors, rules.anySelectorValue)
  validateLabelSelector(term.namespaceSelector, `${at}.namespaceSelector`, errors, rules.anySelectorValue)
  for (const name of term.namespaces ?? []) pushInvalid(errors, `${at}.namespace`, name, isDns1123Label(name))
  validateLabelKeys(term, at, errors)
  if (!term.topologyKey) errors.push(required(`${at}.topologyKey`, 'can not be empty'))
  checkQualifiedName(term.topologyKey ?? '', `${at}.topologyKey`, errors)
}

interface Keyed {
  readonly labelSelector?: LabelSelector
  readonly matchLabelKeys?: readonly string[]
  readonly mismatchLabelKeys?: readonly string[]
}

/** matchLabelKeys and mismatchLabelKeys: label names that say nothing twice. */
export function validateLabelKeys({ labelSelector, matchLabelKeys, mismatchLabelKeys }: Keyed, at: string, errors: Errors): void {
  const check = (keys: readonly string[] | undefined, path: string) => {
    if (!keys?.length) return
    if (!labelSelector) errors.push(forbiddenField(path, 'must not be specified when labelSelector is not set'))
    else
      keys.forEach((key, i) => {
        checkQualifiedName(key, `${path}[${i}]`, errors)
      })
  }
  check(matchLabelKeys, `${at}.matchLabelKeys`)
  check(mismatchLabelKeys, `${at}.mismatchLabelKeys`)
  const selected = new Set(Object.keys(labelSelector?.matchLabels ?? {}))
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    const i = matchLabelKeys?.lastIndexOf(key) ?? -1
    if (i >= 0 && selected.has(key)) errors.push(invalid(`${at}[${i}]`, key, 'exists in both matchLabelKeys and labelSelector'))
    selected.add(key)
  }
  matchLabelKeys?.forEach((key, i) => {
    if (!mismatchLabelKeys?.includes(key)) return
    errors.push(invalid(`${at}.matchLabelKeys[${i}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys'))
  })
}
