import { jsonText } from '../../../apimachinery/json.ts'
import type { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, Mutation } from '../../../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../../apimachinery/object.ts'
import { mutatingadmissionpolicies, mutatingadmissionpolicybindings } from '../../../apimachinery/resources.generated.ts'
import { internalError, StatusError } from '../../../apimachinery/status.ts'
import { atOnce, inTurns, type Steps } from '../../../apimachinery/steps.ts'
import { toJson } from '../../../crd/cel/json-values.ts'
import { KUBERNETES_ENVIRONMENT, MUTATION_ENVIRONMENT } from '../../../crd/cel/libraries.ts'
import type { Value } from '../../../crd/cel/values.ts'
import type { Authorize } from '../../auth/authorizer.ts'
import type { Objects } from '../../objects.ts'
import { jsonPatch, type Operation } from '../../patch/json-patch.ts'
import { DecodeError } from '../../schema/decode.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { applied } from '../policy/apply-configuration.ts'
import { type Bound, BoundPolicies, paramsFor } from '../policy/bound-policies.ts'
import { type Expression, policyBudget, Scope } from '../policy/expressions.ts'
import { inputsFor } from '../policy/inputs.ts'
import { JSON_PATCHES, misplaced, mutationTypes, OBJECT } from '../policy/made-objects.ts'
import { checkConditions, compileConditions } from '../policy/match-conditions.ts'
import { isExempt, type Matched, matchResources } from '../policy/matching.ts'
import { refuse } from '../refusal.ts'
import { hasTurn, notePolicies, noteRun, type Reinvocation, reinvocationOf } from '../reinvocation.ts'
import { type FindKind, replaceContent, type ServedKind, writtenKind } from '../served-kinds.ts'
import { inOwnVersion, seenAs, typeMetaOf, writtenObject } from '../written.ts'

interface Compiled {
  readonly scope: Scope
  readonly conditions: readonly Expression[]
  readonly mutations: readonly Expression[]
}

interface Failure {
  readonly policy: MutatingAdmissionPolicy
  readonly binding: MutatingAdmissionPolicyBinding
  readonly message: string
  readonly reason?: string
}

interface Context {
  readonly objects: Objects
  readonly authorize: Authorize
  readonly findKind: FindKind
  readonly request: AdmissionRequest
  readonly state: Reinvocation
  /** Told of each mutation that succeeded. */
  readonly mutated: () => void
}

type BoundPolicy = Bound<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, Compiled>

/** Changes objects by the expressions of bound policies. */
export function mutatingAdmissionPolicy(objects: Objects, authorize: Authorize, findKind: FindKind): AdmissionPlugin {
  const bound = new BoundPolicies(objects, mutatingadmissionpolicies, mutatingadmissionpolicybindings, compile)
  return {
    name: 'MutatingAdmissionPolicy',
    mutate: (request) => {
      if (bound.isEmpty || isExempt(request)) return undefined
      const state = reinvocationOf(request)
      let isMutated = false
      const mutated = () => {
        isMutated = true
      }
      const context = { objects, authorize, findKind, request, state, mutated }
      const policies = bound.list()
      const matchedBy = ({ spec }: MutatingAdmissionPolicy) => matchResources(objects, spec?.matchConstraints, request)
      const run = (): void | Promise<void> => {
        if (request.alsoServed) return runInVersions(context, policies).then(() => notePolicies(state, isMutated))
        refuseFor(
          request,
          policies.flatMap((entry) => {
            const matched = matchedBy(entry.policy)
            return matched ? runPolicy(context, entry, matched) : []
          }),
        )
        notePolicies(state, isMutated)
      }
      const compiling = bound.compileFirst(policies, (policy) => matchedBy(policy) !== undefined)
      return compiling ? compiling.then(run) : run()
    },
  }
}

/** Each policy sees and changes the object in the version that it means. */
async function runInVersions(context: Context, bound: readonly BoundPolicy[]): Promise<void> {
  const { objects, request } = context
  const failures: Failure[] = []
  for (const entry of bound) {
    const matched = matchResources(objects, entry.policy.spec?.matchConstraints, request)
    if (!matched) continue
    const seen = await seenAs(request, matched)
    const before = seen.object && jsonText(seen.object)
    failures.push(...runPolicy({ ...context, request: seen }, entry, matched))
    if (seen === request || !request.object || !seen.object || jsonText(seen.object) === before) continue
    await inTurns(replaceContent(request.object, await inOwnVersion(request, seen.object)))
  }
  refuseFor(request, failures)
}

function refuseFor(request: AdmissionRequest, failures: readonly Failure[]): void {
  const [first] = failures
  if (first) throw denied(request, first, failures)
}

function* compile({ spec }: MutatingAdmissionPolicy): Steps<Compiled> {
  const scope = yield* Scope.of({
    environment: KUBERNETES_ENVIRONMENT,
    hasParams: spec?.paramKind !== undefined,
    variables: spec?.variables ?? [],
    mutation: { environment: MUTATION_ENVIRONMENT, structs: mutationTypes },
  })
  const conditions = yield* compileConditions(scope, spec?.matchConditions ?? [])
  const mutations: Expression[] = []
  for (const { patchType, jsonPatch: patch, applyConfiguration } of spec?.mutations ?? []) {
    const isPatch = patchType === 'JSONPatch'
    const source = (isPatch ? patch : applyConfiguration)?.expression ?? ''
    mutations.push(yield* scope.compileMutation(source, isPatch ? JSON_PATCHES : OBJECT))
  }
  return { scope, conditions, mutations }
}

function runPolicy(context: Context, { policy, bindings, compiled }: BoundPolicy, matched: Matched): Failure[] {
  const { objects, request } = context
  const failures = bindings.flatMap((binding): Failure[] => {
    if (!matchResources(objects, binding.spec?.matchResources, request)) return []
    let params: (KubeObject | undefined)[]
    try {
      params = paramsFor(objects, policy, binding, request.namespace)
    } catch (error) {
      return [{ policy, binding, message: `failed to configure binding: ${(error as Error).message}` }]
    }
    return params.flatMap((param) => mutateWith(context, policy, binding, compiled(), matched, param))
  })
  return policy.spec?.failurePolicy === 'Ignore' ? [] : failures
}

function mutateWith(
  { objects, authorize, findKind, request, state, mutated }: Context,
  policy: MutatingAdmissionPolicy,
  binding: MutatingAdmissionPolicyBinding,
  { scope, conditions, mutations }: Compiled,
  matched: Matched,
  param: KubeObject | undefined,
): Failure[] {
  const { object } = request
  const id = `policy/${policy.metadata.name}/${binding.metadata.name}/${param?.metadata.namespace ?? ''}/${param?.metadata.name ?? ''}`
  const inputs = () => inputsFor(request, { objects, authorize, matched, param })
  const failed = (message: string): Failure => ({ policy, binding, message, reason: 'Invalid' })
  const outcome = checkConditions(scope, conditions, inputs())
  if (outcome.error !== undefined) return [failed(outcome.error)]
  if (!outcome.matches || !object || !hasTurn(state, id)) return []
  const own = request.alsoServed ? { ...request, version: matched.version } : request
  const kind = writtenKind(own, findKind)
  const failures: Failure[] = []
  let changed = false
  for (const [i, mutation] of mutations.entries()) {
    try {
      const { value, error } = scope.run(inputs(), policyBudget).evaluate(mutation)
      if (error !== undefined) throw new Error(error)
      const next = patched(object, policy.spec?.mutations?.[i], value as Value, kind, own)
      changed = atOnce(replaceContent(object, next)) || changed
      mutated()
    } catch (error) {
      if (error instanceof StatusError) throw error
      failures.push(failed((error as Error).message))
    }
  }
  noteRun(state, id, changed, policy.spec?.reinvocationPolicy)
  return failures
}

function patched(
  object: KubeObject,
  mutation: Mutation | undefined,
  value: Value,
  kind: ServedKind | undefined,
  request: AdmissionRequest,
): KubeObject {
  const type = typeMetaOf(request)
  const written = writtenObject(request, object)
  // Its kind and version stay what they are.
  const read = (next: unknown): KubeObject => {
    const found = kind ? atOnce(kind.read(next)) : (next as KubeObject)
    return found.kind === type.kind && found.apiVersion === type.apiVersion ? found : { ...found, ...type }
  }
  if (mutation?.patchType === 'JSONPatch') {
    const next = jsonPatched(written, toJson(value) as Operation[])
    try {
      return read(next)
    } catch (error) {
      // Whatever the policy says of failures.
      if (error instanceof DecodeError) throw internalError(error.message)
      throw error
    }
  }
  const problem = misplaced(value)
  if (problem) throw new Error(`type mismatch: ${problem}`)
  return read(applied(written, { ...type, ...(toJson(value) as object) }, kind?.mergeType))
}

/** A failed `test` operation means that there is nothing to do. */
function jsonPatched(object: KubeObject, operations: readonly Operation[]): unknown {
  try {
    return jsonPatch(object, operations)
  } catch (error) {
    // Why a patch does not apply is in `cause`; the message is the same for all.
    const { cause, message } = error as Error
    if (/: test failed$/.test(String(cause))) return object
    throw new Error(`JSON Patch: ${cause ?? message}`)
  }
}

function denied(request: AdmissionRequest, first: Failure, all: readonly Failure[]): StatusError {
  const textOf = ({ policy, binding, message }: Failure): string =>
    `policy '${policy.metadata.name}' with binding '${binding.metadata.name}' denied request: ${message}`
  const error = refuse(request, '')
  Object.assign(error.status, { message: textOf(first), ...(first.reason ? { reason: first.reason } : {}) })
  error.status.details = { ...error.status.details, causes: all.map((f) => ({ message: textOf(f) })) }
  return error
}
