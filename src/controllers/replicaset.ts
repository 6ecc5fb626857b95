// Keeps as many pods as spec.replicas says.

import type { Pod, PodTemplateSpec, ReplicaSet, ReplicaSetStatus } from '../apimachinery/kinds.generated.ts'
import { type LabelSelectorObject, matchesLabels, matchesSelector } from '../apimachinery/label-selector.ts'
import { controllerOf, type KubeObject } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { pods, replicasets } from '../apimachinery/resources.generated.ts'
import { isNamespaceTerminating, isNotFound } from '../apimachinery/status.ts'
import { findCondition, withCondition, withoutCondition } from '../operators/conditions.ts'
import { type Context, type Controller, defineController, type Result, watching } from '../operators/controller.ts'
import { adopters, claim } from '../operators/owners.ts'
import { writeStatus } from '../operators/status.ts'
import { inSlowStart } from './batches.ts'
import { byDeletionOrder, isActive, isAvailable, isReady, isTerminal, isTerminating, podFrom, readySince } from './pods.ts'

/** What a ReplicaSet and a ReplicationController have in common. */
interface ReplicaOwner extends KubeObject {
  spec?: { replicas?: number; minReadySeconds?: number; template?: PodTemplateSpec }
  status?: ReplicaSetStatus
}

interface Decision {
  /** How many pods to create. */
  readonly create: number
  /** Which pods to delete. */
  readonly remove: readonly Pod[]
}

/** What to do so that `owned` become what `set` asks for, at most `burst` at a time. `companions`: the pods of its sibling sets. */
export function decide(set: ReplicaOwner, owned: readonly Pod[], companions: readonly Pod[], now: number, burst = 500): Decision {
  if (set.metadata.deletionTimestamp) return { create: 0, remove: [] }
  const active = owned.filter(isActive)
  const missing = (set.spec?.replicas ?? 1) - active.length
  if (missing >= 0) return { create: Math.min(missing, burst), remove: [] }
  return { create: 0, remove: byDeletionOrder(active, companions, now).slice(0, Math.min(-missing, burst)) }
}

/** The status that `owned` give `set`. `failure`: why pods could not be created or deleted in this pass. */
export function statusOf(set: ReplicaOwner, owned: readonly Pod[], now: number, failure?: Failure): ReplicaSetStatus {
  const active = owned.filter(isActive)
  const { template, minReadySeconds = 0 } = set.spec ?? {}
  const conditions = failure
    ? withFailure(set.status?.conditions, failure, now)
    : withoutCondition(set.status?.conditions, 'ReplicaFailure')
  return {
    replicas: active.length,
    fullyLabeledReplicas: active.filter((p) => matchesLabels(template?.metadata?.labels ?? {}, p.metadata.labels)).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter((p) => isAvailable(p, minReadySeconds, now)).length,
    terminatingReplicas: owned.filter((p) => isTerminating(p) && !isTerminal(p)).length,
    observedGeneration: set.metadata.generation ?? 0,
    ...(conditions.length > 0 ? { conditions } : {}),
  }
}

/** The name of the pod that could not be made is in the message: only another reason is worth a write, which would bring us back here at once. */
function withFailure(conditions: ReplicaSetStatus['conditions'], failure: Failure, now: number) {
  const before = findCondition(conditions, 'ReplicaFailure')
  if (before?.status === 'True' && before.reason === failure.reason) return conditions ?? []
  return withCondition(conditions, { type: 'ReplicaFailure', status: 'True', ...failure }, now)
}

interface Failure {
  readonly reason: 'FailedCreate' | 'FailedDelete'
  readonly message: string
}

/** The controller of any kind that keeps replicas of a pod. */
export function replicaController<T extends ReplicaOwner>(options: {
  readonly name: string
  readonly resource: Resource<T>
  readonly selectorOf: (set: T) => LabelSelectorObject | undefined
  readonly statusFor?: (status: ReplicaSetStatus) => NonNullable<T['status']>
}): Controller {
  const { name, resource, selectorOf, statusFor = (s) => s } = options
  return defineController<T>({
    name,
    for: resource,
    owns: [pods],
    watches: [
      watching(pods, (pod, informers) =>
        adopters(
          pod,
          controllerOf(pod) ? [] : informers.of(resource).byIndex('namespace', pod.metadata.namespace ?? ''),
          selectorOf,
        ),
      ),
    ],
    async reconcile(set, context) {
      const selector = selectorOf(set)
      if (!selector) return undefined
      const owned = await claim(context, { resource, owner: set, selector }, pods)
      const { clock, children } = context
      const decision = decide(set, owned, siblingPods(set, resource, context, owned), clock.now())
      const outcome = await act(set, decision, resource, context)
      const current = decision.create + decision.remove.length > 0 ? await claimed(set, selector, children) : owned
      const status = statusOf(set, current, clock.now(), outcome.failure)
      await writeStatus(context.client, resource, set, statusFor(status))
      if (outcome.error !== undefined) throw outcome.error
      return nextCheck(set, current, clock.now())
    },
  })
}

const claimed = (set: ReplicaOwner, selector: LabelSelectorObject, children: Context['children']) =>
  children(pods, set).filter((p) => matchesSelector(selector, p.metadata.labels))

/** Pods of all sets with the same controlling owner, as deletion spreads over nodes across them. */
function siblingPods(
  set: ReplicaOwner,
  resource: Resource<never> | Resource,
  context: Context,
  owned: readonly Pod[],
): readonly Pod[] {
  const owner = controllerOf(set)
  if (!owner) return owned
  return context.informers
    .of(resource as Resource)
    .byIndex('controller', owner.uid)
    .flatMap((sibling) => context.children(pods, sibling))
}

async function act<T extends ReplicaOwner>(set: T, decision: Decision, resource: Resource<T>, context: Context) {
  const template = set.spec?.template
  if (decision.create > 0 && template) {
    const pod = podFrom(template, resource, set)
    const { error } = await inSlowStart(decision.create, () => createPod(set, pod, context))
    if (isNamespaceTerminating(error)) return { error }
    if (error !== undefined) return { error, failure: { reason: 'FailedCreate' as const, message: text(error) } }
  }
  const results = await Promise.allSettled(decision.remove.map((pod) => deletePod(set, pod, context)))
  const failed = results.find((r) => r.status === 'rejected')
  if (failed) return { error: failed.reason, failure: { reason: 'FailedDelete' as const, message: text(failed.reason) } }
  return {}
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Creates `pod` for `owner` and says so in an event. */
export async function createPod(owner: KubeObject, pod: Pod, context: Context): Promise<void> {
  try {
    const made = await context.client.create(pods, pod, { namespace: owner.metadata.namespace })
    context.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`)
  } catch (error) {
    if (!isNamespaceTerminating(error)) context.event(owner, 'Warning', 'FailedCreate', `Error creating: ${text(error)}`)
    throw error
  }
}

/** Deletes `pod` of `owner` (that very pod, not a namesake) and says so in an event. One that is gone already is fine. */
export async function deletePod(owner: KubeObject, pod: Pod, context: Context): Promise<void> {
  const { name = '', namespace, uid } = pod.metadata
  try {
    await context.client.delete(pods, name, { namespace, ...(uid ? { preconditions: { uid } } : {}) })
    context.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
  } catch (error) {
    if (isNotFound(error)) return
    context.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${text(error)}`)
    throw error
  }
}

/** When the next pod has been ready long enough to count as available. */
function nextCheck(set: ReplicaOwner, owned: readonly Pod[], now: number): Result | undefined {
  const seconds = set.spec?.minReadySeconds ?? 0
  if (seconds === 0) return undefined
  const waiting = owned.filter((p) => isActive(p) && isReady(p) && !isAvailable(p, seconds, now))
  return waiting.length > 0
    ? { requeueAfterMs: Math.min(...waiting.map((p) => (readySince(p) ?? now) + seconds * 1000 - now)) }
    : undefined
}

export const replicaSetController = replicaController<ReplicaSet>({
  name: 'replicaset-controller',
  resource: replicasets,
  selectorOf: (set) => set.spec?.selector,
})
