import { type Clock, sleep } from '../../apimachinery/clock.ts'
import type { Pod, PodCondition, PodStatus } from '../../apimachinery/kinds.generated.ts'
import { pods } from '../../apimachinery/resources.generated.ts'
import { isConflict, isNotFound } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import { sameStatus } from '../../operators/equality.ts'
import type { Log } from '../../operators/log.ts'

/** Writes the status of one pod: the newest wins, one write at a time, tried until it succeeds or the pod is gone. */
export interface StatusWriter {
  /**
   * `pod` with what was put for it and has not come back from the API yet. The next status must be made of this: made of the
   * object that lags behind, it would carry other times, and the two would be written in turn for ever.
   */
  current(pod: Pod): Pod
  /** Asks for `status` to be what the API says. */
  put(pod: Pod, status: PodStatus): void
  /** Resolves when what was put is written, or the pod is gone. */
  written(): Promise<void>
}

const retryMs = 1000

/** Whether the API already says what `status` says (conditions of others apart). */
function isWritten(api: PodStatus | undefined, status: PodStatus): boolean {
  const conditions = (status.conditions ?? []).map((c) => c.type)
  const same = (list: readonly PodCondition[] | undefined) =>
    (list ?? []).filter((c) => conditions.includes(c.type)).sort((a, b) => (a.type < b.type ? -1 : 1))
  if (!sameStatus(same(api?.conditions), same(status.conditions))) return false
  return Object.entries(status).every(([key, value]) => key === 'conditions' || sameStatus(api?.[key as keyof PodStatus], value))
}

function withThoseOfOthers({ conditions = [] }: PodStatus, pod: Pod): PodCondition[] {
  const types = new Set(conditions.map((c) => c.type))
  return [...conditions, ...(pod.status?.conditions ?? []).filter((c) => !types.has(c.type))]
}

function patchBody(pod: Pod, status: PodStatus): object {
  const { podIPs } = status
  const replaced = podIPs ? { podIPs: [{ $patch: 'replace' }, ...podIPs] } : {}
  // Conditions are merged by type: what a condition no longer says must be taken away.
  const conditions = (status.conditions ?? []).map((c) => ({ ...c, reason: c.reason ?? null, message: c.message ?? null }))
  return { metadata: { uid: pod.metadata.uid }, status: { ...status, ...replaced, conditions } }
}

export function createStatusWriter(client: Client, clock: Clock, log: Log, signal: AbortSignal): StatusWriter {
  let wanted: { pod: Pod; status: PodStatus } | undefined
  /** What was written last and is not yet in the object that callers hold. */
  let last: { status: PodStatus; version: number } | undefined
  let writing: Promise<void> | undefined

  const writeAll = async () => {
    while (wanted && !signal.aborted) {
      const { pod, status } = wanted
      const { name = '', namespace } = pod.metadata
      try {
        const body = patchBody(pod, status)
        const answer = await client.patch(pods, name, { type: 'strategic', body }, { namespace, subresource: 'status' })
        last = { status, version: Number(answer.metadata.resourceVersion) }
        if (wanted?.status === status) wanted = undefined
      } catch (error) {
        // Another pod has the name now, or none: nobody is left to tell.
        if (isNotFound(error) || isConflict(error)) wanted = undefined
        else {
          log.error('pod status not written', error, { pod: `${namespace}/${name}` })
          await sleep(clock, retryMs, signal)
        }
      }
    }
    writing = undefined
  }
  /** What the API will say, or says already, when `pod` is older than that. */
  const ahead = (pod: Pod): PodStatus | undefined => {
    const isBehind = last !== undefined && Number(pod.metadata.resourceVersion) < last.version
    return wanted?.status ?? (isBehind ? last?.status : undefined)
  }
  return {
    current(pod) {
      const known = ahead(pod)
      return known ? { ...pod, status: { ...pod.status, ...known, conditions: withThoseOfOthers(known, pod) } } : pod
    },
    put(pod, status) {
      const known = ahead(pod)
      if (known ? sameStatus(known, status) : isWritten(pod.status, status)) return
      wanted = { pod, status }
      writing ??= writeAll()
    },
    written: () => writing ?? Promise.resolve(),
  }
}
