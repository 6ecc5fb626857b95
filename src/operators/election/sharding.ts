// Several processes share the keys of an operator: each key belongs to the member whose name, with it, hashes highest.
import { type Clock, microTimeText, sleep } from '../../apimachinery/clock.ts'
import type { Lease } from '../../apimachinery/kinds.generated.ts'
import { leases } from '../../apimachinery/resources.generated.ts'
import { isNotFound } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import { createInformer } from '../../client/informer.ts'
import type { Activity } from '../activity.ts'
import type { Log } from '../log.ts'
import { createGate, type Gate } from './gate.ts'

/** Of which operator's shards a Lease is. */
const shardLabel = 'operators.slipway.dev/shard'
/** The members by which the holder acts: it has finished what is not its own among them. */
const ringAnnotation = 'operators.slipway.dev/ring'

export interface ShardOptions {
  readonly client: Client
  readonly namespace: string
  /** Of the operator. */
  readonly name: string
  /** Unlike that of any other member. */
  readonly identity: string
  readonly clock: Clock
  readonly random: () => number
  readonly signal: AbortSignal
  readonly log: Log
  readonly activity: Activity
  /** Told when more keys became ours: all are to be looked at again. */
  readonly onChange: () => void
}

export interface Shard extends Gate {
  isOurs(key: string): boolean
  /** The members, as this process sees them. */
  readonly members: readonly string[]
  /** Resolves when our Lease is gone, after the signal aborted. */
  readonly ended: Promise<void>
}

const leaseMs = 15_000
const renewDeadlineMs = 10_000
const retryMs = 2000

/** FNV-1a with a final mix: spreads well, and is the same everywhere. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Whose a key is: that of the highest hash. When a member comes or goes only its own keys move. */
export function ownerOf(key: string, members: readonly string[]): string | undefined {
  let best: string | undefined
  let highest = -1
  for (const member of members) {
    const h = hash(`${member}\n${key}`)
    if (h > highest) [best, highest] = [member, h]
  }
  return best
}

export const ringOf = (members: readonly string[]): string => hash(members.join('\n')).toString(36)

interface Seen {
  readonly lease: Lease
  /** When it last changed, by our own clock. */
  readonly at: number
}

/** The members whose Leases have not run out, in order. */
export function liveMembers(seen: ReadonlyMap<string, Seen>, now: number): string[] {
  const live = [...seen.values()].filter(({ lease, at }) => at + (lease.spec?.leaseDurationSeconds ?? 0) * 1000 > now)
  return live
    .map(({ lease }) => lease.spec?.holderIdentity ?? '')
    .filter((m) => m !== '')
    .sort()
}

/** Whether all members act by the ring `members`. */
export function isSettled(seen: ReadonlyMap<string, Seen>, members: readonly string[]): boolean {
  const ring = ringOf(members)
  const acting = new Map(
    [...seen.values()].map(({ lease }) => [lease.spec?.holderIdentity, lease.metadata.annotations?.[ringAnnotation]]),
  )
  return members.every((m) => acting.get(m) === ring)
}

/**
 * Joins the members and keeps its Lease until the signal aborts. Until all live members act by the same ring a member works only on keys
 * that are its own by the old and the new one: never is a key worked on by two.
 */
export function joinShard(options: ShardOptions): Shard {
  const { client, namespace, name, identity, clock, signal, log, activity, onChange } = options
  const gate = createGate()
  const seen = new Map<string, Seen>()
  let members: readonly string[] = []
  /** The rings since all members last acted by one: others may still act by any of them. */
  let since: (readonly string[])[] = [members]
  /** The ring that we act by: what is not our own by it has ended. */
  let acting = ''
  let renewedAt = Number.NEGATIVE_INFINITY
  let lost = new AbortController()
  let wake = new AbortController()

  const isHeld = () => clock.now() < renewedAt + leaseMs
  const isOurs = (key: string) => ownerOf(key, members) === identity && since.every((ring) => ownerOf(key, ring) === identity)
  const look = () => {
    const live = liveMembers(seen, clock.now())
    if (ringOf(live) !== ringOf(members)) {
      since.push(members)
      members = live
      log.info('shard members', { name, members: live.join(', ') })
      void activity
        .rested((key) => !isOurs(key))
        .then(() => {
          if (members !== live) return
          acting = ringOf(live)
          wake.abort()
        })
    }
    if (since.length > 0 && acting === ringOf(members) && isSettled(seen, members)) {
      since = []
      onChange()
    }
  }
  const informer = createInformer(client, leases, {
    namespace,
    labelSelector: `${shardLabel}=${name}`,
    clock,
    random: options.random,
  })
  informer.onChange((now, last) => {
    const id = (now ?? last)?.metadata.name ?? ''
    if (now) seen.set(id, { lease: now, at: clock.now() })
    else seen.delete(id)
    look()
  })
  informer.start(signal)

  const leaseName = `${name}-shard-${ringOf([identity])}`
  const renew = async (ring: string) => {
    const sent = clock.now()
    const lease: Lease = {
      metadata: { name: leaseName, namespace, labels: { [shardLabel]: name }, annotations: { [ringAnnotation]: ring } },
      spec: { holderIdentity: identity, leaseDurationSeconds: leaseMs / 1000, renewTime: microTimeText(sent) },
    }
    await client.apply(leases, lease, { namespace, fieldManager: `slipway-shard/${name}`, force: true })
    renewedAt = sent
  }
  const keep = async () => {
    while (!signal.aborted) {
      const ring = acting
      try {
        await renew(ring)
        if (!gate.current()) {
          lost = new AbortController()
          gate.open({ number: 1, signal: AbortSignal.any([signal, lost.signal]), isHeld })
        }
      } catch (error) {
        log.warn('shard lease not renewed', { lease: leaseName, error: String(error) })
        if (clock.now() - renewedAt >= renewDeadlineMs) lost.abort()
      }
      // Leases run out without an event.
      look()
      if (ring !== acting) continue
      wake = new AbortController()
      await sleep(clock, retryMs, AbortSignal.any([signal, wake.signal]))
    }
    await activity.rested()
    await client.delete(leases, leaseName, { namespace }).catch((error) => {
      if (!isNotFound(error)) log.warn('shard lease not deleted', { lease: leaseName, error: String(error) })
    })
  }
  return {
    ...gate,
    isOurs,
    ended: keep(),
    get members() {
      return members
    },
  }
}
