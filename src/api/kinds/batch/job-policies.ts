import { duplicate, invalid, notSupported, required, tooMany } from '../../../apimachinery/field-error.ts'
import type {
  JobSpec,
  PodFailurePolicy,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
  SuccessPolicy,
  SuccessPolicyRule,
} from '../../../apimachinery/kinds.generated.ts'
import { internal } from '../../schema/internal.ts'
import { checkLength, checkNotNegative, checkQualifiedName, checkSupported, type Errors, invalidOmitted } from '../errors.ts'
import { countIndexes } from './indexes.ts'

const values = (supported: readonly string[]) => `valid values: [${supported.map((v) => `"${v}"`).join(' ')}]`

function checkGiven(value: string | undefined, supported: readonly string[], at: string, errors: Errors): void {
  if (!value) errors.push(required(at, values(supported)))
  else checkSupported(value, supported, at, errors)
}

const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const operators = ['In', 'NotIn']
const statuses = ['False', 'True', 'Unknown']

export function validateFailurePolicy(spec: JobSpec, policy: PodFailurePolicy, at: string, errors: Errors): void {
  const rules = policy.rules ?? []
  if (rules.length > 20) errors.push(tooMany(`${at}.rules`, rules.length, 20))
  const pod = spec.template?.spec
  const names = new Set([...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].map((c) => c.name))
  for (const [i, rule] of rules.entries()) validateRule(spec, rule, names, `${at}.rules[${i}]`, errors)
}

function validateRule(spec: JobSpec, rule: PodFailurePolicyRule, names: ReadonlySet<string>, at: string, errors: Errors): void {
  if (rule.action === 'FailIndex') {
    if (spec.backoffLimitPerIndex == null) {
      errors.push(invalid(`${at}.action`, rule.action, 'requires the backoffLimitPerIndex to be set'))
    }
  } else checkGiven(rule.action, actions, `${at}.action`, errors)
  const conditions = rule.onPodConditions ?? []
  if (rule.onExitCodes) validateExitCodes(rule.onExitCodes, names, `${at}.onExitCodes`, errors)
  if (conditions.length > 0) validateConditions(conditions, `${at}.onPodConditions`, errors)
  if (rule.onExitCodes && conditions.length > 0) {
    errors.push(invalidOmitted(at, 'specifying both OnExitCodes and OnPodConditions is not supported'))
  }
  if (!rule.onExitCodes && conditions.length === 0) {
    errors.push(invalidOmitted(at, 'specifying one of OnExitCodes and OnPodConditions is required'))
  }
}

function validateConditions(patterns: readonly PodFailurePolicyOnPodConditionsPattern[], at: string, errors: Errors): void {
  if (patterns.length > 20) errors.push(tooMany(at, patterns.length, 20))
  for (const [i, { type, status }] of patterns.entries()) {
    checkQualifiedName(type ?? '', `${at}[${i}].type`, errors)
    checkGiven(status, statuses, `${at}[${i}].status`, errors)
  }
}

function validateExitCodes(
  codes: PodFailurePolicyOnExitCodesRequirement,
  names: ReadonlySet<string>,
  at: string,
  errors: Errors,
): void {
  checkGiven(codes.operator, operators, `${at}.operator`, errors)
  if (codes.containerName !== undefined && !names.has(codes.containerName)) {
    const text = 'must be one of the container or initContainer names in the pod template'
    errors.push(invalid(`${at}.containerName`, codes.containerName, text))
  }
  const list = codes.values ?? []
  const path = `${at}.values`
  if (list.length === 0) errors.push(invalid(path, codes.values ?? null, 'at least one value is required'))
  else if (list.length > 255) errors.push(tooMany(path, list.length, 255))
  const seen = new Set<number>()
  for (const [i, code] of list.entries()) {
    if (codes.operator === 'In' && code === 0) errors.push(invalid(`${path}[${i}]`, code, 'must not be 0 for the In operator'))
    if (seen.has(code)) errors.push(duplicate(`${path}[${i}]`, code))
    seen.add(code)
  }
  if (list.some((code, i) => i > 0 && (list[i - 1] ?? 0) > code)) errors.push(invalid(path, list, 'must be ordered'))
}

export function validateReplacementPolicy(spec: JobSpec, at: string, errors: Errors): void {
  const policy = spec.podReplacementPolicy
  if (policy == null) return
  if (spec.podFailurePolicy) {
    if (policy !== 'Failed') errors.push(notSupported(at, policy, ['Failed']))
  } else checkSupported(policy, ['Failed', 'TerminatingOrFailed'], at, errors)
}

export function validateSuccessPolicy(spec: JobSpec, policy: SuccessPolicy, at: string, errors: Errors): void {
  const rules = policy.rules ?? []
  if (spec.completionMode !== 'Indexed') {
    errors.push(invalid(at, internal('*batch.SuccessPolicy', policy), 'requires indexed completion mode'))
    return
  }
  const text = 'at least one rules must be specified when the successPolicy is specified'
  if (rules.length === 0) errors.push(required(`${at}.rules`, text))
  if (rules.length > 20) errors.push(tooMany(`${at}.rules`, rules.length, 20))
  for (const [i, rule] of rules.entries()) validateSuccessRule(spec.completions ?? 0, rule, `${at}.rules[${i}]`, errors)
}

function validateSuccessRule(completions: number, rule: SuccessPolicyRule, at: string, errors: Errors): void {
  const { succeededCount: count, succeededIndexes: indexes } = rule
  if (count == null && indexes == null) {
    errors.push(required(at, 'at least one of succeededCount or succeededIndexes must be specified'))
  }
  let total = 0
  if (indexes != null) {
    checkLength(indexes, 64 * 1024, `${at}.succeededIndexes`, errors)
    const found = countIndexes(indexes, completions)
    if (typeof found === 'number') total = found
    else errors.push(invalid(`${at}.succeededIndexes`, indexes, `error parsing succeededIndexes: ${found}`))
  }
  if (count == null) return
  checkNotNegative(count, `${at}.succeededCount`, errors)
  if (count > completions) {
    const text = `must be less than or equal to ${completions} (the number of specified completions)`
    errors.push(invalid(`${at}.succeededCount`, count, text))
  }
  if (indexes != null && count > total) {
    const text = `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`
    errors.push(invalid(`${at}.succeededCount`, count, text))
  }
}
