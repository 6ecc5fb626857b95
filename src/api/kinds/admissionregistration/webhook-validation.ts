import { duplicate, type FieldError, invalid, required } from '../../../apimachinery/field-error.ts'
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../../apimachinery/kinds.generated.ts'
import { isDns1035Label, isDns1123Subdomain } from '../../../apimachinery/names.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { webhookServiceErrors, webhookUrlErrors } from '../../../crd/formats/webhook-client.ts'
import { checkSupported, type Errors, isSame, pushInvalid, requireText } from '../errors.ts'
import { hasInvalidValue, validateLabelSelector } from '../selector.ts'
import { webhookScope } from './expressions.ts'
import { validateMatchConditions } from './match-conditions.ts'
import { failurePolicies, matchPolicies, reinvocationPolicies, validateRule } from './rules.ts'

type Webhook = ValidatingWebhook | MutatingWebhook

/** What a configuration that already breaks a rule may go on breaking. */
interface Rules {
  readonly anySideEffects: boolean
  readonly anyReviewVersion: boolean
  readonly anyName: boolean
  readonly anyValue: boolean
  readonly anyConditions: boolean
}

const strict: Rules = {
  anySideEffects: false,
  anyReviewVersion: false,
  anyName: false,
  anyValue: false,
  anyConditions: false,
}

/** A domain with three segments or more. */
function checkFullName(name: string | undefined, at: string, errors: Errors): void {
  if (!requireText(name, at, errors)) return
  const text = name ?? ''
  const problems = isDns1123Subdomain(text)
  if (problems.length > 0) errors.push(invalid(at, text, problems.join(',')))
  else if (text.split('.').length < 3) {
    errors.push(invalid(at, text, 'should be a domain with at least three segments separated by dots'))
  }
}

const sideEffects = ['None', 'NoneOnDryRun']
const everySideEffect = ['None', 'NoneOnDryRun', 'Some', 'Unknown']

function validatePolicies(hook: Webhook, rules: Rules, at: string, errors: Errors): void {
  const { failurePolicy, matchPolicy, sideEffects: effects, timeoutSeconds: timeout } = hook
  if (failurePolicy !== undefined) checkSupported(failurePolicy, failurePolicies, `${at}.failurePolicy`, errors)
  if (matchPolicy !== undefined) checkSupported(matchPolicy, matchPolicies, `${at}.matchPolicy`, errors)
  const allowed = rules.anySideEffects ? everySideEffect : sideEffects
  if (effects == null) errors.push(required(`${at}.sideEffects`, `must specify one of ${allowed.join(', ')}`))
  else checkSupported(effects, allowed, `${at}.sideEffects`, errors)
  if (timeout !== undefined && (timeout > 30 || timeout < 1)) {
    errors.push(invalid(`${at}.timeoutSeconds`, timeout, 'the timeout value must be between 1 and 30 seconds'))
  }
  validateLabelSelector(hook.namespaceSelector, `${at}.namespaceSelector`, errors, rules.anyValue)
  validateLabelSelector(hook.objectSelector, `${at}.objectSelector`, errors, rules.anyValue)
  if ('reinvocationPolicy' in hook && hook.reinvocationPolicy !== undefined) {
    checkSupported(hook.reinvocationPolicy, reinvocationPolicies, `${at}.reinvocationPolicy`, errors)
  }
}

const reviewVersions = ['v1', 'v1beta1']

function validateVersions(versions: readonly string[], rules: Rules, at: string, errors: Errors): void {
  if (versions.length === 0) {
    errors.push(required(at, 'must specify one of v1, v1beta1'))
    return
  }
  const seen = new Set<string>()
  for (const [i, version] of versions.entries()) {
    if (seen.has(version)) errors.push(invalid(`${at}[${i}]`, version, 'duplicate version'))
    else pushInvalid(errors, `${at}[${i}]`, version, isDns1035Label(version))
    seen.add(version)
  }
  if (!rules.anyReviewVersion && !versions.some((v) => reviewVersions.includes(v))) {
    errors.push(invalid(at, versions, 'must include at least one of v1, v1beta1'))
  }
}

function* validateWebhook(hook: Webhook, rules: Rules, at: string, errors: Errors): Steps<void> {
  checkFullName(hook.name, `${at}.name`, errors)
  for (const [i, rule] of (hook.rules ?? []).entries()) validateRule(rule, `${at}.rules[${i}]`, errors)
  validatePolicies(hook, rules, at, errors)
  const { url, service } = hook.clientConfig ?? {}
  const path = `${at}.clientConfig`
  if ((url === undefined) === (service === undefined)) {
    errors.push(required(path, 'exactly one of url or service is required'))
  } else if (url !== undefined) errors.push(...webhookUrlErrors(url, `${path}.url`))
  else if (service) {
    const { name, namespace, path: urlPath, port = 0 } = service
    errors.push(...webhookServiceErrors({ name, namespace, path: urlPath, port }, `${path}.service`))
  }
  if (!rules.anyConditions)
    yield* validateMatchConditions(hook.matchConditions ?? [], webhookScope, `${at}.matchConditions`, errors)
}

function* validate(webhooks: readonly Webhook[] = [], rules: Rules): Steps<FieldError[]> {
  const errors: Errors = []
  const names = new Set<string>()
  for (const [i, hook] of webhooks.entries()) {
    const at = `webhooks[${i}]`
    yield* validateWebhook(hook, rules, at, errors)
    yield
    validateVersions(hook.admissionReviewVersions ?? [], rules, `${at}.admissionReviewVersions`, errors)
    if (rules.anyName || !hook.name) continue
    if (names.has(hook.name)) errors.push(duplicate(`${at}.name`, hook.name))
    names.add(hook.name)
  }
  return errors
}

function relaxed(now: readonly Webhook[] = [], old: readonly Webhook[] = []): Rules {
  return {
    anySideEffects: old.some((h) => !sideEffects.includes(h.sideEffects)),
    anyReviewVersion: old.some(
      ({ admissionReviewVersions: v }) => v?.length > 0 && !v.some((version) => reviewVersions.includes(version)),
    ),
    anyName: new Set(old.map((h) => h.name)).size < old.length,
    anyValue: old.some((h) => hasInvalidValue(h.namespaceSelector) || hasInvalidValue(h.objectSelector)),
    anyConditions: now.length === old.length && now.every((h, i) => isSame(h.matchConditions, old[i]?.matchConditions)),
  }
}

type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration

export const validateWebhooks = ({ webhooks }: Configuration): Steps<FieldError[]> => validate(webhooks, strict)

export const validateWebhooksUpdate = ({ webhooks }: Configuration, old: Configuration): Steps<FieldError[]> =>
  validate(webhooks, relaxed(webhooks, old.webhooks))
