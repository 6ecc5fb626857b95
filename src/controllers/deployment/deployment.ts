// Rolls a template out over ReplicaSets, one per template, and keeps the history of revisions.
import type { Deployment, DeploymentStatus, Pod, ReplicaSet } from '../../apimachinery/kinds.generated.ts'
import { controllerOf } from '../../apimachinery/object.ts'
import { deployments, pods, replicasets } from '../../apimachinery/resources.generated.ts'
import { isAlreadyExists } from '../../apimachinery/status.ts'
import { type Context, defineController, ownerKey, watching } from '../../operators/controller.ts'
import { sameValue } from '../../operators/equality.ts'
import { adopters, claim } from '../../operators/owners.ts'
import { writeStatus } from '../../operators/status.ts'
import { isTerminal } from '../pods.ts'
import { isScaling, newSetSize, rollStep, type Scaling, scale } from './rollout.ts'
import { annotation, isRolling, newSet, newSetAnnotations, newSetOf, replicasOf, revisionOf, total, withSizes } from './sets.ts'
import { isComplete, type Rollout, statusOf } from './status.ts'

export interface Plan {
  /** The set of a template that has none yet. */
  readonly create?: ReplicaSet
  /** Sets with new annotations or sizes; `from` is the size before. */
  readonly update: readonly { readonly set: ReplicaSet; readonly from: number }[]
  readonly remove: readonly ReplicaSet[]
  /** What the Deployment's revision annotation ought to be. */
  readonly revision?: string
  readonly status: DeploymentStatus
  readonly requeueAfterMs?: number
}

/** What to do next so that `sets` become what `d` asks for. `podsOf` is asked for the pods of a set. */
export function decide(d: Deployment, sets: readonly ReplicaSet[], podsOf: (s: ReplicaSet) => readonly Pod[], now: number): Plan {
  const existing = newSetOf(d, sets)
  const old = sets.filter((s) => s !== existing)
  if (d.metadata.deletionTimestamp) return { update: [], remove: [], ...statusOf(d, rollout(existing, sets, false, false), now) }

  let last = 0n
  for (const set of old) if (revisionOf(set) > last) last = revisionOf(set)
  const revision = last + 1n
  const isHeld = d.spec?.paused === true || isScaling(d, sets)
  const create = !existing && !isHeld && mayCreate(d, old, podsOf) ? newSet(d, newSetSize(d, old, 0), revision) : undefined
  const annotated = existing && renewed(d, existing, revision)
  const scalings = create ? [] : isHeld ? scale(d, existing, old) : step(d, existing, old)
  const update = updates(d, annotated ? [annotated, ...old] : old, existing, scalings)
  const fresh = create ?? annotated
  const { status, requeueAfterMs } = statusOf(
    d,
    rollout(fresh, [...old, ...(fresh ? [fresh] : [])], create !== undefined, !isHeld),
    now,
  )
  const mayClean = d.spec?.paused || (scalings.length === 0 && !isHeld && isComplete(d, status))
  const current = fresh?.metadata.annotations?.[annotation.revision]
  return {
    ...(create ? { create } : {}),
    update,
    remove: mayClean ? beyondHistory(d, old) : [],
    ...(current ? { revision: current } : {}),
    status,
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
  }
}

const rollout = (
  fresh: ReplicaSet | undefined,
  all: readonly ReplicaSet[],
  created: boolean,
  judgesProgress: boolean,
): Rollout => ({
  fresh,
  all,
  created,
  judgesProgress,
})

/** A Recreate rollout starts only when nothing of the old runs any more. */
function mayCreate(d: Deployment, old: readonly ReplicaSet[], podsOf: (s: ReplicaSet) => readonly Pod[]): boolean {
  if (isRolling(d)) return true
  return total(old) === 0 && old.every((s) => (s.status?.replicas ?? 0) === 0 && podsOf(s).every(isTerminal))
}

function step(d: Deployment, fresh: ReplicaSet | undefined, old: readonly ReplicaSet[]): Scaling[] {
  if (isRolling(d)) return fresh ? rollStep(d, fresh, old) : []
  const stopping = old.filter((s) => replicasOf(s) > 0).map((set) => ({ set, replicas: 0 }))
  if (stopping.length > 0 || !fresh || replicasOf(fresh) === replicasOf(d)) return stopping
  return [{ set: fresh, replicas: replicasOf(d) }]
}

/** The new set with the annotations and minReadySeconds it ought to have. */
function renewed(d: Deployment, set: ReplicaSet, revision: bigint): ReplicaSet {
  const annotations = newSetAnnotations(d, set, revision)
  const minReadySeconds = d.spec?.minReadySeconds ?? 0
  const isCurrent = sameValue(annotations, set.metadata.annotations) && minReadySeconds === (set.spec?.minReadySeconds ?? 0)
  if (isCurrent || !set.spec) return set
  return { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, minReadySeconds } }
}

function updates(d: Deployment, sets: readonly ReplicaSet[], existing: ReplicaSet | undefined, scalings: readonly Scaling[]) {
  return sets.flatMap((set) => {
    const original = set.metadata.uid === existing?.metadata.uid ? existing : set
    const scaling = scalings.find((s) => s.set.metadata.uid === set.metadata.uid)
    const sized = scaling || replicasOf(set) > 0 ? withSizes(set.metadata.annotations ?? {}, d) : set.metadata.annotations
    const replicas = scaling?.replicas ?? replicasOf(set)
    if (set === original && replicas === replicasOf(set) && sameValue(sized, set.metadata.annotations)) return []
    if (!set.spec) return []
    const annotations = sized ?? {}
    return [
      { set: { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas } }, from: replicasOf(set) },
    ]
  })
}

function beyondHistory(d: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const limit = d.spec?.revisionHistoryLimit ?? 10
  const excess = old.length - limit
  if (excess <= 0 || limit === 2 ** 31 - 1) return []
  const isIdle = (s: ReplicaSet) =>
    replicasOf(s) === 0 &&
    (s.status?.replicas ?? 0) === 0 &&
    (s.metadata.generation ?? 0) <= (s.status?.observedGeneration ?? 0) &&
    !s.metadata.deletionTimestamp
  return [...old]
    .sort((a, b) => (revisionOf(a) < revisionOf(b) ? -1 : 1))
    .slice(0, excess)
    .filter(isIdle)
}

async function create(d: Deployment, set: ReplicaSet, context: Context): Promise<void> {
  const { namespace } = d.metadata
  try {
    await context.client.create(replicasets, set, { namespace })
    if (replicasOf(set) > 0) scaledEvent(d, set, 0, context)
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    const taken = await context.client.get(replicasets, set.metadata.name ?? '', { namespace })
    if (controllerOf(taken)?.uid === d.metadata.uid && newSetOf(d, [taken])) return
    // Another template has the same hash: the count makes it another one.
    await writeStatus(context.client, deployments, d, { ...d.status, collisionCount: (d.status?.collisionCount ?? 0) + 1 })
    throw error
  }
}

function scaledEvent(d: Deployment, set: ReplicaSet, from: number, context: Context): void {
  const to = replicasOf(set)
  if (from === to) return
  const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${set.metadata.name} from ${from} to ${to}`
  context.event(d, 'Normal', 'ScalingReplicaSet', message)
}

async function act(d: Deployment, plan: Plan, context: Context): Promise<void> {
  const { client } = context
  const { name = '', namespace } = d.metadata
  if (plan.create) await create(d, plan.create, context)
  for (const { set, from } of plan.update) {
    await client.update(replicasets, set, { namespace })
    scaledEvent(d, set, from, context)
  }
  for (const set of plan.remove) await client.delete(replicasets, set.metadata.name ?? '', { namespace })
  let current = d
  if (plan.revision && plan.revision !== d.metadata.annotations?.[annotation.revision]) {
    const body = { metadata: { annotations: { [annotation.revision]: plan.revision } } }
    current = await client.patch(deployments, name, { type: 'merge', body }, { namespace })
  }
  await writeStatus(client, deployments, current, plan.status)
}

export const deploymentController = defineController<Deployment>({
  name: 'deployment-controller',
  for: deployments,
  owns: [replicasets],
  watches: [
    watching(replicasets, (set, informers) =>
      adopters(
        set,
        controllerOf(set) ? [] : informers.of(deployments).byIndex('namespace', set.metadata.namespace ?? ''),
        (d) => d.spec?.selector,
      ),
    ),
    // A Recreate rollout goes on when the last pod of the old is gone.
    watching(
      pods,
      (pod, informers) => {
        const owner = ownerKey(pod, replicasets)
        const set = owner === undefined ? undefined : informers.of(replicasets).get(owner)
        const key = set && ownerKey(set, deployments)
        return key && informers.of(deployments).get(key)?.spec?.strategy?.type === 'Recreate' ? [key] : []
      },
      (now, before) => now === undefined || (isTerminal(now) && !(before && isTerminal(before))),
    ),
  ],
  async reconcile(d, context) {
    if (!d.spec?.selector) return undefined
    const sets = await claim(context, { resource: deployments, owner: d, selector: d.spec.selector }, replicasets)
    const plan = decide(d, sets, (set) => context.children(pods, set), context.clock.now())
    await act(d, plan, context)
    return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs }
  },
})
