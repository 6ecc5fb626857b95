// Says how many pods of each PodDisruptionBudget may be evicted now.
import { scaledValue } from '../apimachinery/intstr.ts'
import type { Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from '../apimachinery/kinds.generated.ts'
import { matchesSelector } from '../apimachinery/label-selector.ts'
import { controllerOf } from '../apimachinery/object.ts'
import {
  deployments,
  poddisruptionbudgets,
  pods,
  replicasets,
  replicationcontrollers,
  statefulsets,
} from '../apimachinery/resources.generated.ts'
import type { InformerSet } from '../client/informer-set.ts'
import { withCondition } from '../operators/conditions.ts'
import { defineController, watching } from '../operators/controller.ts'
import { writeStatus } from '../operators/status.ts'
import { isReady, isTerminal } from './pods.ts'

/** An eviction that was granted this long ago and has not shown is taken back. */
const evictionTimeoutMs = 120_000

interface Decision {
  readonly status: PodDisruptionBudgetStatus
  readonly requeueAfterMs?: number
}

/** How many pods there ought to be, by the scale of the controllers of `pods`. Throws for a pod whose controller has no scale. */
type ScaleOf = (pods: readonly Pod[]) => number

/** The status of `budget` over its pods. */
function decide(budget: PodDisruptionBudget, matching: readonly Pod[], scaleOf: ScaleOf, now: number): Decision {
  const alive = matching.filter((p) => !isTerminal(p))
  const disrupted = stillDisrupted(budget, alive, now)
  const healthy = alive.filter(
    (p) => isReady(p) && !p.metadata.deletionTimestamp && !Object.hasOwn(disrupted.pods, p.metadata.name ?? ''),
  )
  const { expected, desired } = expectation(budget, alive, scaleOf)
  const allowed = expected > 0 ? Math.max(0, healthy.length - desired) : 0
  const generation = budget.metadata.generation ?? 0
  const conditions = withCondition(
    budget.status?.conditions as never[],
    {
      type: 'DisruptionAllowed',
      status: allowed > 0 ? 'True' : 'False',
      reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
      message: '',
      observedGeneration: generation,
    } as never,
    now,
  )
  return {
    status: {
      observedGeneration: generation,
      disruptedPods: disrupted.pods,
      disruptionsAllowed: allowed,
      currentHealthy: healthy.length,
      desiredHealthy: desired,
      expectedPods: expected,
      conditions,
    },
    ...(disrupted.nextMs === undefined ? {} : { requeueAfterMs: disrupted.nextMs }),
  }
}

/** The status when the number of expected pods cannot be had: nothing may be evicted. */
function failed(budget: PodDisruptionBudget, message: string, now: number): PodDisruptionBudgetStatus {
  const generation = budget.metadata.generation ?? 0
  const condition = { type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message, observedGeneration: generation }
  const conditions = withCondition(budget.status?.conditions as never[], condition as never, now)
  return { ...budget.status, disruptionsAllowed: 0, observedGeneration: generation, conditions }
}

function expectation(
  { spec }: PodDisruptionBudget,
  alive: readonly Pod[],
  scaleOf: ScaleOf,
): { expected: number; desired: number } {
  if (spec?.maxUnavailable !== undefined) {
    const expected = scaleOf(alive)
    return { expected, desired: Math.max(0, expected - (scaledValue(spec.maxUnavailable, expected, 'up') ?? 0)) }
  }
  if (typeof spec?.minAvailable === 'string') {
    const expected = scaleOf(alive)
    return { expected, desired: scaledValue(spec.minAvailable, expected, 'up') ?? 0 }
  }
  return { expected: alive.length, desired: spec?.minAvailable ?? 0 }
}

function stillDisrupted(budget: PodDisruptionBudget, alive: readonly Pod[], now: number) {
  const present = new Map(alive.map((p) => [p.metadata.name ?? '', p]))
  const left: Record<string, string> = {}
  let nextMs: number | undefined
  for (const [name, time] of Object.entries(budget.status?.disruptedPods ?? {})) {
    const until = Date.parse(time) + evictionTimeoutMs - now
    if (!present.has(name) || present.get(name)?.metadata.deletionTimestamp || until <= 0) continue
    left[name] = time
    nextMs = Math.min(nextMs ?? until, until)
  }
  return { pods: left, nextMs }
}

/** The scale of the controllers of `some`, each counted once. */
function scaleIn(informers: InformerSet): ScaleOf {
  return (some) => {
    const scales = new Map<string, number>()
    for (const pod of some) {
      const owner = controllerOf(pod)
      if (!owner) continue
      const key = `${pod.metadata.namespace}/${owner.name}`
      if (owner.kind === 'ReplicaSet') {
        const set = informers.of(replicasets).get(key)
        const above = set && controllerOf(set)
        const deployment =
          above?.kind === 'Deployment' && informers.of(deployments).get(`${pod.metadata.namespace}/${above.name}`)
        if (deployment) scales.set(deployment.metadata.uid ?? '', deployment.spec?.replicas ?? 1)
        else if (set) scales.set(owner.uid, set.spec?.replicas ?? 1)
      } else if (owner.kind === 'StatefulSet') scales.set(owner.uid, informers.of(statefulsets).get(key)?.spec?.replicas ?? 1)
      else if (owner.kind === 'ReplicationController')
        scales.set(owner.uid, informers.of(replicationcontrollers).get(key)?.spec?.replicas ?? 1)
      else
        throw new Error(`${owner.kind.toLowerCase()}s.${owner.apiVersion.split('/')[0]} does not implement the scale subresource`)
    }
    return [...scales.values()].reduce((a, b) => a + b, 0)
  }
}

const keysFor = (namespace: string | undefined, informers: InformerSet, matches: (b: PodDisruptionBudget) => boolean): string[] =>
  informers
    .of(poddisruptionbudgets)
    .byIndex('namespace', namespace ?? '')
    .filter(matches)
    .map((b) => `${b.metadata.namespace}/${b.metadata.name}`)

export const disruptionController = defineController<PodDisruptionBudget>({
  name: 'disruption-controller',
  for: poddisruptionbudgets,
  watches: [
    watching(pods, (pod, informers) =>
      keysFor(pod.metadata.namespace, informers, (b) => matchesSelector(b.spec?.selector, pod.metadata.labels)),
    ),
    ...[deployments, replicasets, statefulsets, replicationcontrollers].map((resource) =>
      watching(
        resource as typeof deployments,
        (owner, informers) => keysFor(owner.metadata.namespace, informers, () => true),
        (now, before) => now?.spec?.replicas !== before?.spec?.replicas,
      ),
    ),
  ],
  async reconcile(budget, { client, clock, informers, event }) {
    if (budget.metadata.deletionTimestamp) return undefined
    const candidates = informers.of(pods).byIndex('namespace', budget.metadata.namespace ?? '')
    const matching = candidates.filter((p) => matchesSelector(budget.spec?.selector, p.metadata.labels))
    let decision: Decision
    try {
      decision = decide(budget, matching, scaleIn(informers), clock.now())
    } catch (error) {
      const message = (error as Error).message
      event(budget, 'Warning', 'CalculateExpectedPodCountFailed', `Failed to calculate the number of expected pods: ${message}`)
      decision = { status: failed(budget, message, clock.now()) }
    }
    await writeStatus(client, poddisruptionbudgets, budget, decision.status)
    return decision.requeueAfterMs === undefined ? undefined : { requeueAfterMs: decision.requeueAfterMs }
  },
})
