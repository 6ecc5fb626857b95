import type { MutatingWebhook, ValidatingWebhook } from '../../../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../../apimachinery/object.ts'
import type { Resource } from '../../../apimachinery/resource.ts'
import { forbidden } from '../../../apimachinery/status.ts'
import { inTurns, type Steps } from '../../../apimachinery/steps.ts'
import { KUBERNETES_ENVIRONMENT } from '../../../crd/cel/libraries.ts'
import type { Authorize } from '../../auth/authorizer.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionRequest } from '../admission.ts'
import { type Expression, Scope } from '../policy/expressions.ts'
import { inputsFor } from '../policy/inputs.ts'
import { checkConditions, compileConditions } from '../policy/match-conditions.ts'
import { type Matched, matchRules, matchSelectors } from '../policy/matching.ts'
import { seenAs } from '../written.ts'

type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>

export interface Hook {
  /** Unique among all. */
  readonly id: string
  readonly webhook: Webhook
  /** The name of its configuration. */
  readonly configuration: string
  /** Its place among all. */
  readonly index: number
  /** Its matchConditions, compiled when they are first asked for. */
  readonly conditions: () => Conditions | Promise<Conditions>
}

interface Conditions {
  readonly scope: Scope
  readonly expressions: readonly Expression[]
}

/** All webhooks of a kind of configuration, by its name, in their order there; made anew when a configuration changes. */
export function hooksOf<T extends KubeObject & { webhooks?: Webhook[] }>(
  objects: Objects,
  resource: Resource<T>,
): () => readonly Hook[] {
  let hooks: readonly Hook[] | undefined
  objects.onChange(resource, () => {
    hooks = undefined
  })
  return () => {
    hooks ??= [...objects.list(resource)]
      .sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
      .flatMap((configuration) => (configuration.webhooks ?? []).map((webhook, i) => ({ configuration, webhook, i })))
      .map(({ configuration, webhook, i }, index) => hookOf(configuration, webhook, i, index))
    return hooks
  }
}

function hookOf({ metadata }: KubeObject, webhook: Webhook, at: number, index: number): Hook {
  let compiled: Conditions | undefined
  return {
    id: `webhook/${metadata.uid ?? metadata.name}/${webhook.name}/${at}`,
    webhook,
    configuration: metadata.name ?? '',
    index,
    conditions: () =>
      compiled ??
      inTurns(conditionsOf(webhook)).then((conditions) => {
        compiled = conditions
        return conditions
      }),
  }
}

function* conditionsOf({ matchConditions = [] }: Webhook): Steps<Conditions> {
  const scope = yield* Scope.of({ environment: KUBERNETES_ENVIRONMENT, hasParams: false })
  return { scope, expressions: yield* compileConditions(scope, matchConditions) }
}

/** How a hook means a write. */
export interface Meant {
  readonly matched: Matched
  /** The request with its objects as the hook sees them. */
  readonly seen: AdmissionRequest
}

/** As what the hook means the write; undefined when it does not. Throws or rejects when that can't be found out. */
export function meansWrite(
  objects: Objects,
  authorize: Authorize,
  hook: Hook,
  request: AdmissionRequest,
): Meant | undefined | Promise<Meant | undefined> {
  const { webhook } = hook
  const matched = matchRules(webhook.rules ?? [], webhook.matchPolicy, request)
  if (!matched || !matchSelectors(objects, webhook, request)) return undefined
  const given = seenAs(request, matched)
  const judged = (seen: AdmissionRequest, conditions?: Conditions): Meant | undefined =>
    meetsConditions(objects, authorize, webhook, conditions, { matched, seen }) ? { matched, seen } : undefined
  const conditions = webhook.matchConditions?.length ? hook.conditions() : undefined
  if (!(given instanceof Promise) && !(conditions instanceof Promise)) return judged(given, conditions)
  return Promise.all([given, conditions]).then(([seen, compiled]) => judged(seen, compiled))
}

function meetsConditions(
  objects: Objects,
  authorize: Authorize,
  webhook: Webhook,
  conditions: Conditions | undefined,
  { matched, seen }: Meant,
): boolean {
  if (!conditions) return true
  const outcome = checkConditions(conditions.scope, conditions.expressions, inputsFor(seen, { objects, authorize, matched }))
  if (outcome.error === undefined) return outcome.matches
  if (webhook.failurePolicy === 'Ignore') return false
  throw forbidden(seen, seen.name, outcome.error)
}
