import type { MutatingWebhook, ValidatingWebhook } from '../../../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../../apimachinery/object.ts'
import type { Resource } from '../../../apimachinery/resource.ts'
import { forbidden } from '../../../apimachinery/status.ts'
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
  readonly conditions: () => { readonly scope: Scope; readonly expressions: readonly Expression[] }
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
  let compiled: { scope: Scope; expressions: Expression[] } | undefined
  return {
    id: `webhook/${metadata.uid ?? metadata.name}/${webhook.name}/${at}`,
    webhook,
    configuration: metadata.name ?? '',
    index,
    conditions: () => {
      if (!compiled) {
        const scope = new Scope({ environment: KUBERNETES_ENVIRONMENT, hasParams: false })
        compiled = { scope, expressions: compileConditions(scope, webhook.matchConditions ?? []) }
      }
      return compiled
    },
  }
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
  const judged = (seen: AdmissionRequest): Meant | undefined =>
    meetsConditions(objects, authorize, hook, { matched, seen }) ? { matched, seen } : undefined
  return given instanceof Promise ? given.then(judged) : judged(given)
}

function meetsConditions(
  objects: Objects,
  authorize: Authorize,
  { webhook, conditions }: Hook,
  { matched, seen }: Meant,
): boolean {
  if (!webhook.matchConditions?.length) return true
  const { scope, expressions } = conditions()
  const outcome = checkConditions(scope, expressions, inputsFor(seen, { objects, authorize, matched }))
  if (outcome.error === undefined) return outcome.matches
  if (webhook.failurePolicy === 'Ignore') return false
  throw forbidden(seen, seen.name, outcome.error)
}
