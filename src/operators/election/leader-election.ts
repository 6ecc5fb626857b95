import { microTimeText, sleep } from '../../apimachinery/clock.ts'
import type { Lease, LeaseSpec } from '../../apimachinery/kinds.generated.ts'
import { leases } from '../../apimachinery/resources.generated.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../../apimachinery/status.ts'
import { createInformer } from '../../client/informer.ts'
import type { CandidateOptions } from './candidate.ts'

export interface ElectionOptions extends CandidateOptions {
  /** 15 s > 10 s > 1.2 × 2 s when absent. */
  readonly leaseMs?: number
  readonly renewDeadlineMs?: number
  readonly retryMs?: number
}

/** What a candidate knows of the Lease: its record, and when, by our own clock, it last changed. */
interface Observation {
  readonly lease: Lease
  readonly at: number
}

/** The record with which `identity` takes or keeps the Lease; undefined while somebody else holds it. */
export function claimOf(seen: Observation | undefined, identity: string, leaseMs: number, now: number): LeaseSpec | undefined {
  const before = seen?.lease.spec
  const isOurs = before?.holderIdentity === identity
  const duration = (before?.leaseDurationSeconds ?? 0) * 1000
  if (seen && before?.holderIdentity && !isOurs && seen.at + duration > now) return undefined
  const transitions = before?.leaseTransitions ?? 0
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(leaseMs / 1000),
    acquireTime: isOurs && before?.acquireTime ? before.acquireTime : microTimeText(now),
    renewTime: microTimeText(now),
    leaseTransitions: isOurs || !before ? transitions : transitions + 1,
  }
}

/** A time of leading. */
interface Leading {
  /** Aborts when the lease is lost, or the candidate stops. */
  readonly signal: AbortSignal
  /** Rises with every change of the holder: fence writes with it. */
  readonly term: number
  /** Whether nobody else can hold the Lease yet, by our own clock. */
  isHeld(): boolean
}

/**
 * Runs `lead` while this candidate holds the Lease, over and over until `options.signal` aborts: losing it aborts the signal given
 * to `lead`, waits for its end, and stands again.
 */
export async function runElected(options: ElectionOptions, lead: (leading: Leading) => Promise<void>): Promise<void> {
  const { leaseMs = 15_000, renewDeadlineMs = 10_000, retryMs = 2000, signal, clock, random, log } = options
  if (!(leaseMs > renewDeadlineMs && renewDeadlineMs > 1.2 * retryMs))
    throw new Error('leader election: the lease must be longer than the renew deadline, and that longer than 1.2 retries')
  const candidate = new Candidate(options, leaseMs)
  while (!signal.aborted) {
    if (!(await candidate.attempt()) && !(await standBy(candidate, options, () => retryMs * (1 + 1.2 * random())))) break
    const { term } = candidate
    log.info('leading', { lease: options.name, identity: options.identity, term })
    const lost = new AbortController()
    const work = lead({
      signal: AbortSignal.any([signal, lost.signal]),
      term,
      isHeld: () => !lost.signal.aborted && clock.now() < candidate.heldUntil,
    })
    await Promise.race([hold(candidate, options, { renewDeadlineMs, retryMs }), work.catch(() => {})])
    lost.abort()
    await work
    if (!signal.aborted) log.warn('no longer leading', { lease: options.name, identity: options.identity })
  }
  await candidate.release()
}

/** Tries again and again, and at once when the Lease is let go. True when it is ours, false when the signal aborted. */
async function standBy(candidate: Candidate, options: ElectionOptions, wait: () => number): Promise<boolean> {
  const { client, namespace, name, clock, random, signal } = options
  const ended = new AbortController()
  let freed = new AbortController()
  const lease = createInformer(client, leases, { namespace, fieldSelector: `metadata.name=${name}`, clock, random })
  lease.onChange((now) => {
    if (!now?.spec?.holderIdentity) freed.abort()
  })
  lease.start(AbortSignal.any([signal, ended.signal]))
  try {
    while (!signal.aborted) {
      await sleep(clock, wait(), AbortSignal.any([signal, freed.signal]))
      freed = new AbortController()
      if (!signal.aborted && (await candidate.attempt())) return true
    }
    return false
  } finally {
    ended.abort()
  }
}

/** Renews until that fails for the whole deadline, somebody else holds the Lease, or the signal aborts. */
async function hold(
  candidate: Candidate,
  { clock, signal }: ElectionOptions,
  times: { renewDeadlineMs: number; retryMs: number },
) {
  while (!signal.aborted) {
    await sleep(clock, times.retryMs, signal)
    if (signal.aborted) return
    if (await candidate.attempt()) continue
    if (candidate.isTaken || clock.now() - candidate.renewedAt >= times.renewDeadlineMs) return
  }
}

class Candidate {
  readonly #options: ElectionOptions
  readonly #leaseMs: number
  #seen: Observation | undefined
  /** When the last request was sent that renewed the Lease. */
  renewedAt = Number.NEGATIVE_INFINITY

  constructor(options: ElectionOptions, leaseMs: number) {
    this.#options = options
    this.#leaseMs = leaseMs
  }

  get term(): number {
    return this.#seen?.lease.spec?.leaseTransitions ?? 0
  }

  /** Until when nobody else can take the Lease. */
  get heldUntil(): number {
    return this.renewedAt + this.#leaseMs
  }

  /** Somebody else holds the Lease, as far as we saw. */
  get isTaken(): boolean {
    const holder = this.#seen?.lease.spec?.holderIdentity
    return Boolean(holder) && holder !== this.#options.identity
  }

  /** A server that does not answer must not keep us from noticing that the lease runs out. */
  async #inTime(send: (target: { namespace: string; signal: AbortSignal }) => Promise<Lease>): Promise<Lease> {
    const { clock, namespace, renewDeadlineMs = 10_000 } = this.#options
    const late = new AbortController()
    const cancel = clock.after(renewDeadlineMs / 2, () => late.abort(new Error('the server did not answer in time')))
    try {
      return await send({ namespace, signal: late.signal })
    } finally {
      cancel()
    }
  }

  #note(lease: Lease): void {
    const { clock } = this.#options
    const isSame = this.#seen?.lease.metadata.resourceVersion === lease.metadata.resourceVersion
    this.#seen = { lease, at: isSame && this.#seen ? this.#seen.at : clock.now() }
  }

  /** Takes or renews the Lease; false when it is held, or could not be reached. */
  async attempt(): Promise<boolean> {
    const { client, name, identity, clock, log } = this.#options
    try {
      // A holder's own record needs no look first: a conflict tells of somebody else.
      if (this.#seen?.lease.spec?.holderIdentity !== identity)
        this.#note(await this.#inTime((target) => client.get(leases, name, target)))
      const sent = clock.now()
      const spec = claimOf(this.#seen, identity, this.#leaseMs, sent)
      if (!spec || !this.#seen) return false
      const next = { ...this.#seen.lease, spec }
      this.#note(await this.#inTime((target) => client.update(leases, next, target)))
      this.renewedAt = sent
      return true
    } catch (error) {
      if (isNotFound(error)) return this.#create()
      if (isConflict(error)) await this.#look()
      else log.warn('lease not renewed', { lease: name, error: String(error) })
      return false
    }
  }

  async #create(): Promise<boolean> {
    const { client, namespace, name, identity, clock } = this.#options
    this.#seen = undefined
    try {
      const sent = clock.now()
      const spec = claimOf(undefined, identity, this.#leaseMs, sent) ?? {}
      const lease = { metadata: { name, namespace }, spec }
      this.#note(await this.#inTime((target) => client.create(leases, lease, target)))
      this.renewedAt = sent
      return true
    } catch (error) {
      if (!isAlreadyExists(error)) this.#options.log.warn('lease not created', { lease: name, error: String(error) })
      return false
    }
  }

  async #look(): Promise<void> {
    const { client, name } = this.#options
    try {
      this.#note(await this.#inTime((target) => client.get(leases, name, target)))
    } catch {
      this.#seen = undefined
    }
  }

  /** Lets go, so that the next leader need not wait. */
  async release(): Promise<void> {
    const { client, namespace, identity, clock } = this.#options
    const lease = this.#seen?.lease
    if (lease?.spec?.holderIdentity !== identity) return
    const spec: LeaseSpec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTimeText(clock.now()) }
    try {
      await client.update(leases, { ...lease, spec }, { namespace })
    } catch {
      // It runs out by itself.
    }
  }
}
