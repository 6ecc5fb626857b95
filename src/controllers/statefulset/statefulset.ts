// Keeps pods with names, order and storage of their own.
import { scaledValue } from '../../apimachinery/intstr.ts'
import type { ControllerRevision, Pod, StatefulSet, StatefulSetStatus } from '../../apimachinery/kinds.generated.ts'
import { controllerOf } from '../../apimachinery/object.ts'
import { controllerrevisions, persistentvolumeclaims, pods, statefulsets } from '../../apimachinery/resources.generated.ts'
import { isAlreadyExists } from '../../apimachinery/status.ts'
import { type Context, defineController, watching } from '../../operators/controller.ts'
import { sameValue } from '../../operators/equality.ts'
import { adopters, claim } from '../../operators/owners.ts'
import { writeStatus } from '../../operators/status.ts'
import { isAvailable, isReady, isTerminal, isTerminating } from '../pods.ts'
import { deletePod } from '../replicaset.ts'
import { type Revisions, revisionsOf, truncate } from '../revisions.ts'
import { claimOwners, claimsFor, firstOrdinal, ordinalOf, podName, revisionOf, statefulPod } from './pods.ts'

interface Decision {
  readonly create: readonly { readonly ordinal: number; readonly revision: string }[]
  readonly remove: readonly Pod[]
}

interface Situation {
  readonly pods: readonly Pod[]
  /** Names of the revisions: the one being replaced, and the one of the present template. */
  readonly current: string
  readonly update: string
  readonly now: number
}

const isRolling = (set: StatefulSet): boolean => set.spec?.updateStrategy?.type !== 'OnDelete'
const partition = (set: StatefulSet): number => set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0

/** Which revision a new pod gets: below the partition, or not reached by the rollout yet, the one being replaced. */
function revisionFor(set: StatefulSet, ordinal: number, s: Situation): string {
  if (s.current === s.update || !isRolling(set)) return s.update
  const from = firstOrdinal(set)
  const kept = partition(set) > 0 ? partition(set) : (set.status?.currentReplicas ?? 0)
  return ordinal < from + kept ? s.current : s.update
}

/** What to do next: first create or replace what is missing, then scale down from the end, then renew from the end. */
function decide(set: StatefulSet, s: Situation): Decision {
  if (set.metadata.deletionTimestamp) return { create: [], remove: [] }
  const start = firstOrdinal(set)
  const end = start + (set.spec?.replicas ?? 1)
  const minReady = set.spec?.minReadySeconds ?? 0
  const inOrder = set.spec?.podManagementPolicy !== 'Parallel'
  const byOrdinal = new Map(s.pods.flatMap((p) => [[ordinalOf(set, p) ?? -1, p] as const]))
  const isUp = (p: Pod) => !isTerminating(p) && p.status?.phase === 'Running' && isAvailable(p, minReady, s.now)
  const create: { ordinal: number; revision: string }[] = []
  const remove: Pod[] = []
  for (let ordinal = start; ordinal < end; ordinal++) {
    const pod = byOrdinal.get(ordinal)
    if (!pod) create.push({ ordinal, revision: revisionFor(set, ordinal, s) })
    else if (isTerminal(pod) && !isTerminating(pod)) remove.push(pod)
    else if (isUp(pod)) continue
    // In order, everyone waits for the one before.
    if (inOrder) return { create, remove }
  }
  const condemned = [...byOrdinal].filter(([o]) => o >= 0 && (o < start || o >= end)).sort(([a], [b]) => b - a)
  for (const [, pod] of condemned) {
    if (!isTerminating(pod)) remove.push(pod)
    if (inOrder) return { create, remove }
  }
  if (create.length + remove.length > 0 || condemned.length > 0 || !isRolling(set)) return { create, remove }
  return { create, remove: outdated(set, s, byOrdinal, isUp) }
}

/** Pods to renew now, from the last ordinal down to the partition, as many as maxUnavailable lets. */
function outdated(set: StatefulSet, s: Situation, byOrdinal: ReadonlyMap<number, Pod>, isUp: (p: Pod) => boolean): Pod[] {
  const start = firstOrdinal(set)
  const replicas = set.spec?.replicas ?? 1
  const { maxUnavailable = 1 } = set.spec?.updateStrategy?.rollingUpdate ?? {}
  const limit = Math.max(1, scaledValue(maxUnavailable, replicas, 'up') ?? 1)
  const members = [...byOrdinal].filter(([o]) => o >= start && o < start + replicas)
  let down = members.filter(([, p]) => !isUp(p)).length
  const remove: Pod[] = []
  for (let ordinal = start + replicas - 1; ordinal >= start + partition(set); ordinal--) {
    const pod = byOrdinal.get(ordinal)
    if (!pod || isTerminating(pod) || revisionOf(pod) === s.update) continue
    // One that is down already costs nothing more.
    if (isUp(pod) && down++ >= limit) break
    remove.push(pod)
    if (remove.length >= limit) break
  }
  return remove
}

function statusOf(set: StatefulSet, s: Situation): StatefulSetStatus {
  const start = firstOrdinal(set)
  const replicas = set.spec?.replicas ?? 1
  const minReady = set.spec?.minReadySeconds ?? 0
  const members = s.pods.filter((p) => (ordinalOf(set, p) ?? -1) >= 0)
  const alive = members.filter((p) => !isTerminating(p))
  const within = alive.filter((p) => (ordinalOf(set, p) ?? -1) >= start && (ordinalOf(set, p) ?? -1) < start + replicas)
  const ready = within.filter((p) => p.status?.phase === 'Running' && isReady(p))
  const updated = alive.filter((p) => revisionOf(p) === s.update).length
  const isDone =
    isRolling(set) && partition(set) === 0 && updated === replicas && ready.length === replicas && members.length === replicas
  const current = isDone ? s.update : s.current
  return {
    ...set.status,
    replicas: members.length,
    readyReplicas: ready.length,
    availableReplicas: ready.filter((p) => isAvailable(p, minReady, s.now)).length,
    currentReplicas: alive.filter((p) => revisionOf(p) === current).length,
    updatedReplicas: updated,
    currentRevision: current,
    updateRevision: s.update,
    observedGeneration: set.metadata.generation ?? 0,
    collisionCount: set.status?.collisionCount ?? 0,
  }
}

/** Creates the claims of `ordinal` that are not there, then the pod. */
async function create(set: StatefulSet, ordinal: number, revision: ControllerRevision, context: Context): Promise<void> {
  const { client, informers, event } = context
  const { namespace = '', name } = set.metadata
  for (const wanted of claimsFor(set, ordinal)) {
    if (informers.of(persistentvolumeclaims).get(`${namespace}/${wanted.metadata.name}`)) continue
    try {
      await client.create(persistentvolumeclaims, wanted, { namespace })
      event(
        set,
        'Normal',
        'SuccessfulCreate',
        `create Claim ${wanted.metadata.name} Pod ${podName(set, ordinal)} in StatefulSet ${name} success`,
      )
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
  }
  try {
    await client.create(pods, statefulPod(set, ordinal, revision), { namespace })
    event(set, 'Normal', 'SuccessfulCreate', `create Pod ${podName(set, ordinal)} in StatefulSet ${name} successful`)
  } catch (error) {
    const message = `create Pod ${podName(set, ordinal)} in StatefulSet ${name} failed error: ${(error as Error).message}`
    event(set, 'Warning', 'FailedCreate', message)
    throw error
  }
}

/** Claims of pods that go by scaling down belong to those pods, if the policy says so; the others do not. */
async function settleClaims(set: StatefulSet, owned: readonly Pod[], context: Context): Promise<void> {
  if (!set.spec?.persistentVolumeClaimRetentionPolicy) return
  const end = firstOrdinal(set) + (set.spec.replicas ?? 1)
  for (const pod of owned) {
    const ordinal = ordinalOf(set, pod)
    if (ordinal === undefined) continue
    const wanted = claimOwners(set, pod, ordinal >= end || ordinal < firstOrdinal(set))
    for (const { metadata } of claimsFor(set, ordinal)) {
      const live = context.informers.of(persistentvolumeclaims).get(`${metadata.namespace}/${metadata.name}`)
      if (!live || live.metadata.deletionTimestamp) continue
      const others = (live.metadata.ownerReferences ?? []).filter((o) => o.uid !== set.metadata.uid && o.kind !== 'Pod')
      const ownerReferences = [...others, ...wanted]
      if (sameValue(ownerReferences, live.metadata.ownerReferences ?? [])) continue
      const { resourceVersion } = live.metadata
      const body = { metadata: { resourceVersion, ownerReferences } }
      await context.client.patch(
        persistentvolumeclaims,
        metadata.name ?? '',
        { type: 'merge', body },
        { namespace: metadata.namespace },
      )
    }
  }
}

const named = (revisions: Revisions, name: string): ControllerRevision =>
  revisions.all.find((r) => r.metadata.name === name) ?? revisions.current

export const statefulSetController = defineController<StatefulSet>({
  name: 'statefulset-controller',
  for: statefulsets,
  owns: [pods, controllerrevisions],
  reads: [persistentvolumeclaims],
  watches: [
    watching(pods, (pod, informers) =>
      adopters(
        pod,
        controllerOf(pod) ? [] : informers.of(statefulsets).byIndex('namespace', pod.metadata.namespace ?? ''),
        (s) => s.spec?.selector,
      ),
    ),
  ],
  async reconcile(set, context) {
    if (!set.spec?.selector) return undefined
    const revisions = await revisionsOf(context, statefulsets, set)
    const update = revisions.current.metadata.name ?? ''
    const current = named(revisions, set.status?.currentRevision || update).metadata.name ?? update
    const situation = async (): Promise<Situation> => ({
      pods: await claim(context, { resource: statefulsets, owner: set, selector: set.spec?.selector ?? {} }, pods),
      current,
      update,
      now: context.clock.now(),
    })
    const before = await situation()
    const { create: missing, remove } = decide(set, before)
    await settleClaims(set, before.pods, context)
    for (const { ordinal, revision } of missing) await create(set, ordinal, named(revisions, revision), context)
    for (const pod of remove) await deletePod(set, pod, context)
    const after = await situation()
    const status = statusOf(set, after)
    await writeStatus(context.client, statefulsets, set, status)
    await truncate(context, set, revisions, new Set([current, ...after.pods.map(revisionOf)]))
    const minReady = set.spec.minReadySeconds ?? 0
    return minReady > 0 && status.readyReplicas !== status.availableReplicas ? { requeueAfterMs: minReady * 1000 } : undefined
  },
})
