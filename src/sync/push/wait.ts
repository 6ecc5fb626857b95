import type { Unstructured } from '../../apimachinery/object.ts'
import { keyOf } from '../../apimachinery/object.ts'
import { pods, replicasets } from '../../apimachinery/resources.generated.ts'
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import type { Application, ResourceStatus } from '../application/application.ts'
import { controlNamespace } from '../application/application.ts'
import { type Push, PushRefused } from '../git/receive-pack.ts'
import { stuckReason } from '../health/health.ts'

interface Wait {
  readonly client: Client
  readonly informer: Informer<Application>
  readonly app: Application
  readonly commit: string
  readonly seconds: number
  readonly push: Push
}

/** Where an Application is on its way to a commit. */
type Progress =
  | { readonly state: 'ready' }
  | { readonly state: 'failed'; readonly why: string }
  | { readonly state: 'waiting'; readonly lines: readonly string[] }

const nameOf = (r: ResourceStatus): string => `${r.kind.toLowerCase()}/${r.name}`

/** Pure: reads it from the status. */
export function progressOf(app: Application | undefined, commit: string): Progress {
  const status = app?.status
  const operation = status?.operationState
  if (operation?.syncResult?.revision !== commit) {
    const broken = status?.conditions?.find((c) => c.type === 'ComparisonError')
    return broken ? { state: 'failed', why: broken.message } : { state: 'waiting', lines: [] }
  }
  if (operation.phase === 'Failed' || operation.phase === 'Error')
    return { state: 'failed', why: operation.message ?? 'the sync failed' }
  const degraded = status?.resources?.find((r) => r.health?.status === 'Degraded')
  if (degraded) return { state: 'failed', why: `${nameOf(degraded)}: ${degraded.health?.message ?? 'Degraded'}` }
  const waiting = (status?.resources ?? []).filter(
    (r) => r.health && r.health.status !== 'Healthy' && r.health.status !== 'Suspended',
  )
  if (waiting.length === 0 && operation.phase === 'Succeeded') return { state: 'ready' }
  return { state: 'waiting', lines: waiting.map((r) => `${nameOf(r)}: ${r.health?.message ?? r.health?.status}`) }
}

/** Prints what is waited for as it changes; resolves when all is ready. Throws PushRefused with the reason when it cannot become so. */
export async function waitUntilReady(wait: Wait): Promise<void> {
  const { informer, commit, push, seconds } = wait
  const key = keyOf({ metadata: { namespace: controlNamespace, ...wait.app.metadata } })
  const name = wait.app.metadata.name ?? ''
  const stop = AbortSignal.any([push.signal, AbortSignal.timeout(seconds * 1000)])
  const printed = new Map<string, string>()
  const outcome = Promise.withResolvers<Progress | undefined>()
  const look = () => {
    const progress = progressOf(informer.get(key), commit)
    if (progress.state !== 'waiting') return outcome.resolve(progress)
    for (const line of progress.lines) {
      const [subject = '', text = ''] = line.split(/: (.*)/)
      if (printed.get(subject) !== text) push.print(`Slipway: ${line}`)
      printed.set(subject, text)
    }
  }
  const unsubscribe = informer.onChange((now, before) => {
    if (keyOf(now ?? before ?? wait.app) === key) look()
  })
  const stuck = watchForStuckPods(wait, stop).then((why) => why && outcome.resolve({ state: 'failed', why }))
  stop.addEventListener('abort', () => outcome.resolve(undefined), { once: true })
  look()
  const progress = await outcome.promise
  unsubscribe()
  void stuck.catch(() => {})
  if (progress?.state === 'ready') return push.print(`Slipway: ${name} is ready at ${commit.slice(0, 7)}`)
  const why =
    progress?.state === 'failed'
      ? progress.why
      : `not ready after ${seconds} s: ${[...printed].map(([s, t]) => `${s}: ${t}`).join('; ') || 'the sync has not finished'}`
  push.print(`Slipway: ${name}: ${why}`)
  push.print('Slipway: the commit is stored and stays wanted; push a fix, or revert it')
  throw new PushRefused(`${name} did not become ready: ${why}`)
}

/** The first pod of the Application whose container cannot start, with the reason; undefined when the wait ends first. */
async function watchForStuckPods(wait: Wait, signal: AbortSignal): Promise<string | undefined> {
  const namespace = wait.app.spec.destination.namespace ?? 'default'
  const { client } = wait
  try {
    for await (const batch of client.watch(pods, {
      namespace,
      signal,
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: true,
    })) {
      for (const { type, object } of batch) {
        if (type !== 'ADDED' && type !== 'MODIFIED') continue
        const why = stuckReason(object as unknown as Unstructured)
        if (why && !object.metadata.deletionTimestamp && (await belongs(wait, object as unknown as Unstructured)))
          return `pod/${object.metadata.name}: ${why}`
      }
    }
  } catch (error) {
    if (!signal.aborted) wait.push.print(`Slipway: pods cannot be watched: ${error instanceof Error ? error.message : error}`)
  }
  return undefined
}

/** Whether a pod comes from the Application's objects as they are now: not from a ReplicaSet of an earlier commit. */
async function belongs(wait: Wait, pod: Unstructured): Promise<boolean> {
  const status = wait.informer.get(keyOf({ metadata: { namespace: controlNamespace, ...wait.app.metadata } }))?.status
  if (status?.operationState?.syncResult?.revision !== wait.commit) return false
  const has = (kind: string, name: string) => (status.resources ?? []).some((r) => r.kind === kind && r.name === name)
  const owner = pod.metadata.ownerReferences?.find((o) => o.controller)
  if (!owner) return has('Pod', pod.metadata.name ?? '')
  if (owner.kind !== 'ReplicaSet') return has(owner.kind, owner.name)
  const set = await wait.client.get(replicasets, owner.name, { namespace: pod.metadata.namespace }).catch(() => undefined)
  const deployment = set?.metadata.ownerReferences?.find((o) => o.controller)
  return (
    set !== undefined &&
    (set.spec?.replicas ?? 0) > 0 &&
    (deployment ? has(deployment.kind, deployment.name) : has('ReplicaSet', owner.name))
  )
}
