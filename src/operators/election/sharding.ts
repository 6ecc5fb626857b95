// Several processes share the keys of an operator: each key belongs to the member whose name, with it, hashes highest.
import { microTimeText, sleep } from '../../apimachinery/clock.ts'
import type { Lease } from '../../apimachinery/kinds.generated.ts'
import { leases } from '../../apimachinery/resources.generated.ts'
import { isNotFound } from '../../apimachinery/status.ts'
import { createInformer } from '../../client/informer.ts'
import type { Activity } from '../work/activity.ts'
import type { CandidateOptions } from './candidate.ts'
import { createGate, type Gate } from './gate.ts'
import { ringAnnotation, ringOf, type Seen } from './members.ts'
import { ShardRing } from './shard-ring.ts'

/** Of which operator's shards a Lease is. */
const shardLabel = 'operators.slipway.dev/shard'

/** `name` is that of the operator. */
interface ShardOptions extends CandidateOptions {
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

/**
 * Joins the members and keeps its Lease until the signal aborts. Until all live members act by the same ring a member works only on keys
 * that are its own by the old and the new one: never is a key worked on by two.
 */
export function joinShard(options: ShardOptions): Shard {
  const { client, namespace, name, identity, clock, random, signal, log, activity } = options
  const gate = createGate()
  const seen = new Map<string, Seen>()
  let wake = new AbortController()
  const ring = new ShardRing({
    name,
    identity,
    clock,
    log,
    activity,
    onSettled: options.onChange,
    onActing: () => wake.abort(),
  })
  const informer = createInformer(client, leases, { namespace, labelSelector: `${shardLabel}=${name}`, clock, random })
  informer.onChange((now, last) => {
    const id = (now ?? last)?.metadata.name ?? ''
    if (now) seen.set(id, { lease: now, at: clock.now() })
    else seen.delete(id)
    ring.look(seen)
  })
  informer.start(signal)
  const lease = new ShardLease(options, gate)
  const keep = async () => {
    while (!signal.aborted) {
      const { acting } = ring
      await lease.renew(acting)
      // Leases run out without an event.
      ring.look(seen)
      if (acting !== ring.acting) continue
      wake = new AbortController()
      await sleep(clock, retryMs, AbortSignal.any([signal, wake.signal]))
    }
    await activity.rested()
    await lease.end()
  }
  return {
    ...gate,
    isOurs: (key) => ring.isOurs(key),
    ended: keep(),
    get members() {
      return ring.members
    },
  }
}

/** The Lease of one member; while it is held, the gate is open. */
class ShardLease {
  readonly #options: ShardOptions
  readonly #gate: ReturnType<typeof createGate>
  readonly #name: string
  #renewedAt = Number.NEGATIVE_INFINITY
  #lost = new AbortController()

  constructor(options: ShardOptions, gate: ReturnType<typeof createGate>) {
    this.#options = options
    this.#gate = gate
    this.#name = `${options.name}-shard-${ringOf([options.identity])}`
  }

  /** Says that we live and act by the ring `acting`. */
  async renew(acting: string): Promise<void> {
    const { clock, signal, log } = this.#options
    try {
      await this.#apply(acting)
      if (this.#gate.current()) return
      this.#lost = new AbortController()
      const isHeld = () => clock.now() < this.#renewedAt + leaseMs
      this.#gate.open({ number: 1, signal: AbortSignal.any([signal, this.#lost.signal]), isHeld })
    } catch (error) {
      log.warn('shard lease not renewed', { lease: this.#name, error: String(error) })
      if (clock.now() - this.#renewedAt >= renewDeadlineMs) this.#lost.abort()
    }
  }

  async #apply(acting: string): Promise<void> {
    const { client, namespace, name, identity, clock } = this.#options
    const sent = clock.now()
    const lease: Lease = {
      metadata: { name: this.#name, namespace, labels: { [shardLabel]: name }, annotations: { [ringAnnotation]: acting } },
      spec: { holderIdentity: identity, leaseDurationSeconds: leaseMs / 1000, renewTime: microTimeText(sent) },
    }
    await client.apply(leases, lease, { namespace, fieldManager: `slipway-shard/${name}`, force: true })
    this.#renewedAt = sent
  }

  async end(): Promise<void> {
    const { client, namespace, log } = this.#options
    await client.delete(leases, this.#name, { namespace }).catch((error) => {
      if (!isNotFound(error)) log.warn('shard lease not deleted', { lease: this.#name, error: String(error) })
    })
  }
}
