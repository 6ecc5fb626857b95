import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../../../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../../apimachinery/object.ts'
import { validatingadmissionpolicies, validatingadmissionpolicybindings } from '../../../apimachinery/resources.generated.ts'
import type { StatusError } from '../../../apimachinery/status.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import type { Bindings } from '../../../crd/cel/frame.ts'
import { KUBERNETES_ENVIRONMENT } from '../../../crd/cel/libraries.ts'
import { BOOL, NULL, STRING } from '../../../crd/cel/types.ts'
import type { Authorize } from '../../auth/authorizer.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { type Bound, BoundPolicies, paramsFor } from '../policy/bound-policies.ts'
import { type Expression, OutOfBudget, policyBudget, Scope } from '../policy/expressions.ts'
import { inputsFor } from '../policy/inputs.ts'
import { checkConditions, compileConditions } from '../policy/match-conditions.ts'
import { isExempt, type Matched, matchResources } from '../policy/matching.ts'
import { refuse } from '../refusal.ts'
import { seenAs } from '../written.ts'

interface Compiled {
  readonly scope: Scope
  readonly conditions: readonly Expression[]
  readonly validations: readonly { readonly check: Expression; readonly message: Expression | undefined }[]
  readonly annotations: readonly Expression[]
}

interface Annotation {
  readonly key: string
  readonly value: string
}

interface Denial {
  readonly policy: ValidatingAdmissionPolicy
  readonly binding: ValidatingAdmissionPolicyBinding | undefined
  readonly message: string
  readonly reason?: string | undefined
  /** Which of the policy's validations said no; 0 for the policy as a whole. */
  readonly index?: number
}

interface Context {
  readonly objects: Objects
  readonly authorize: Authorize
  readonly request: AdmissionRequest
  /** What a policy's auditAnnotations gave, by key; values of several bindings side by side. */
  readonly annotations: Map<string, Set<string>>
}

/** Refuses (or warns of) what the expressions of bound policies say no to. */
export function validatingAdmissionPolicy(objects: Objects, authorize: Authorize): AdmissionPlugin {
  const bound = new BoundPolicies(objects, validatingadmissionpolicies, validatingadmissionpolicybindings, compile)
  return {
    name: 'ValidatingAdmissionPolicy',
    validate: (request) => {
      if (bound.isEmpty || isExempt(request)) return undefined
      const meant = bound.list().flatMap((entry) => {
        const matched = matchResources(objects, entry.policy.spec?.matchConstraints, request)
        return matched ? [{ entry, matched }] : []
      })
      const judgeAll = (seen: readonly AdmissionRequest[]): void => {
        const annotations = new Map<string, Set<string>>()
        const denials = meant.flatMap(({ entry, matched }, i) =>
          judge({ objects, authorize, request: seen[i] ?? request, annotations }, entry, matched),
        )
        for (const [key, values] of annotations) request.annotate?.(key, [...values].join(', '))
        if (denials[0]) throw denied(request, denials[0])
      }
      const judgeSeen = (): void | Promise<void> => {
        if (!request.alsoServed) return judgeAll([])
        return Promise.all(meant.map(({ matched }) => seenAs(request, matched))).then(judgeAll)
      }
      const compiling = bound.compileFirst(
        meant.map(({ entry }) => entry),
        () => true,
      )
      return compiling ? compiling.then(judgeSeen) : judgeSeen()
    },
  }
}

function* compile({ spec }: ValidatingAdmissionPolicy): Steps<Compiled> {
  const scope = yield* Scope.of({
    environment: KUBERNETES_ENVIRONMENT,
    hasParams: spec?.paramKind !== undefined,
    variables: spec?.variables ?? [],
  })
  const conditions = yield* compileConditions(scope, spec?.matchConditions ?? [])
  const validations: { check: Expression; message: Expression | undefined }[] = []
  for (const { expression, messageExpression } of spec?.validations ?? []) {
    const check = yield* scope.compile(expression, [BOOL])
    validations.push({ check, message: messageExpression ? yield* scope.compileMessage(messageExpression) : undefined })
  }
  const annotations: Expression[] = []
  for (const { valueExpression } of spec?.auditAnnotations ?? []) {
    annotations.push(yield* scope.compile(valueExpression, [STRING, NULL]))
  }
  return { scope, conditions, validations, annotations }
}

function judge(
  context: Context,
  { policy, bindings, compiled }: Bound<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, Compiled>,
  matched: Matched,
): Denial[] {
  const { objects, request } = context
  const isLenient = policy.spec?.failurePolicy === 'Ignore'
  return bindings.flatMap((binding): Denial[] => {
    if (!matchResources(objects, binding.spec?.matchResources, request)) return []
    let params: (KubeObject | undefined)[]
    try {
      params = paramsFor(objects, policy, binding, request.namespace)
    } catch (error) {
      return isLenient ? [] : [{ policy, binding, message: `failed to configure binding: ${(error as Error).message}` }]
    }
    return params.flatMap((param) => judgeParam(context, policy, binding, compiled(), matched, param))
  })
}

function judgeParam(
  { objects, authorize, request, annotations }: Context,
  policy: ValidatingAdmissionPolicy,
  binding: ValidatingAdmissionPolicyBinding,
  compiled: Compiled,
  matched: Matched,
  param: KubeObject | undefined,
): Denial[] {
  const inputs = inputsFor(request, { objects, authorize, matched, param })
  const decision = decide(policy, compiled, inputs)
  for (const { key, value } of decision.annotations) {
    const name = `${policy.metadata.name}/${key}`
    annotations.set(name, (annotations.get(name) ?? new Set()).add(value))
  }
  const failed = decision.failures.flatMap((failure) => {
    const actions = binding.spec?.validationActions ?? []
    if (actions.includes('Audit')) request.annotate?.(failureKey, failureValue(policy, binding, failure))
    if (actions.includes('Warn')) {
      request.warn(
        `Validation failed for ValidatingAdmissionPolicy '${policy.metadata.name}' with binding '${binding.metadata.name}': ${failure.message}`,
      )
    }
    return actions.includes('Deny') ? [{ policy, binding, ...failure }] : []
  })
  // What cannot be noted is refused, whatever the binding's actions are.
  const unnoted = (decision.annotationErrors ?? []).map((failure) => ({ policy, binding, ...failure }))
  return [...failed, ...unnoted]
}

const failureKey = 'validation.policy.admission.k8s.io/validation_failure'

function failureValue(policy: ValidatingAdmissionPolicy, binding: ValidatingAdmissionPolicyBinding, failure: Failure): string {
  const { message, index = 0 } = failure
  return JSON.stringify([
    {
      message,
      policy: policy.metadata.name,
      binding: binding.metadata.name,
      expressionIndex: index,
      validationActions: binding.spec?.validationActions ?? [],
    },
  ])
}

type Failure = Pick<Denial, 'message' | 'reason' | 'index'>

interface Decision {
  readonly failures: readonly Failure[]
  readonly annotationErrors?: readonly Failure[]
  readonly annotations: readonly Annotation[]
}

/** What `policy` has against the inputs, in the order of its validations, and what it leaves in the audit log. Pure. */
function decide(policy: ValidatingAdmissionPolicy, compiled: Compiled, inputs: Bindings): Decision {
  const { spec } = policy
  const failed = (message: string, index = 0): Failure[] => (spec?.failurePolicy === 'Ignore' ? [] : [{ message, index }])
  const conditions = checkConditions(compiled.scope, compiled.conditions, inputs)
  if (conditions.error !== undefined) return { failures: failed(conditions.error), annotations: [] }
  if (!conditions.matches) return { failures: [], annotations: [] }
  try {
    const run = compiled.scope.run(inputs, policyBudget)
    const results = compiled.validations.map(({ check }) => run.evaluate(check))
    const failures = results.flatMap((result, i): Failure[] => {
      if (result.error !== undefined) return failed(result.error, i)
      const validation = spec?.validations?.[i]
      if (result.value === true || !validation) return []
      const own = compiled.validations[i]?.message
      const text = (own && messageOf(run.evaluate(own).value)) || validation.message?.trim() || ''
      const message = text || `failed expression: ${validation.expression.trim()}`
      return [{ message, reason: validation.reason ?? 'Invalid', index: i }]
    })
    const annotated = compiled.annotations.map((annotation, i) => ({
      key: spec?.auditAnnotations?.[i]?.key ?? '',
      result: run.evaluate(annotation),
    }))
    return {
      failures,
      annotationErrors: annotated.flatMap(({ result }) => (result.error === undefined ? [] : failed(result.error))),
      annotations: annotated.flatMap(({ key, result }) => annotationOf(key, result.value)),
    }
  } catch (error) {
    if (error instanceof OutOfBudget) return { failures: failed(error.message), annotations: [] }
    throw error
  }
}

const mostAnnotation = 10 * 1024

/** Null and empty text leave no annotation. */
function annotationOf(key: string, value: unknown): Annotation[] {
  const text = typeof value === 'string' ? value.trim() : ''
  return text === '' ? [] : [{ key, value: text.slice(0, mostAnnotation) }]
}

/** A message is one line of at most 5 KiB, or it does not count. */
function messageOf(value: unknown): string {
  const text = typeof value === 'string' ? value.trim() : ''
  return text.length > 5 * 1024 || text.includes('\n') ? '' : text
}

const codes: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413, Invalid: 422 }

function denied(request: AdmissionRequest, { policy, binding, message, reason = 'Invalid' }: Denial): StatusError {
  const by = binding ? ` with binding '${binding.metadata.name}'` : ''
  const text = `ValidatingAdmissionPolicy '${policy.metadata.name}'${by} denied request: ${message}`
  const error = refuse(request, text)
  Object.assign(error.status, { reason, code: codes[reason] ?? 422 })
  error.status.details = { ...error.status.details, causes: [{ message: text }] }
  return error
}
