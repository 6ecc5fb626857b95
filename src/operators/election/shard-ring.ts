import type { Clock } from '../../apimachinery/clock.ts'
import type { Log } from '../log.ts'
import type { Activity } from '../work/activity.ts'
import { isSettled, liveMembers, ownerOf, ringOf, type Seen } from './members.ts'

interface ShardRingOptions {
  /** Of the operator. */
  readonly name: string
  /** Of this member. */
  readonly identity: string
  readonly clock: Clock
  readonly log: Log
  readonly activity: Activity
  /** Told when all members act by the same ring again: all keys are to be looked at. */
  readonly onSettled: () => void
  /** Told when this member acts by another ring: the others are to know. */
  readonly onActing: () => void
}

/** The members by which one member tells its keys from those of others, through their coming and going. */
export class ShardRing {
  readonly #options: ShardRingOptions
  #members: readonly string[] = []
  /** The rings since all members last acted by one: others may still act by any of them. */
  #since: (readonly string[])[] = [[]]
  #acting = ''

  constructor(options: ShardRingOptions) {
    this.#options = options
  }

  get members(): readonly string[] {
    return this.#members
  }

  /** The ring that we act by: what is not our own by it has ended. */
  get acting(): string {
    return this.#acting
  }

  isOurs(key: string): boolean {
    const { identity } = this.#options
    return ownerOf(key, this.#members) === identity && this.#since.every((ring) => ownerOf(key, ring) === identity)
  }

  /** Takes in which Leases there are now. */
  look(seen: ReadonlyMap<string, Seen>): void {
    const live = liveMembers(seen, this.#options.clock.now())
    if (ringOf(live) !== ringOf(this.#members)) this.#change(live)
    if (this.#since.length > 0 && this.#acting === ringOf(this.#members) && isSettled(seen, this.#members)) {
      this.#since = []
      this.#options.onSettled()
    }
  }

  #change(live: readonly string[]): void {
    const { name, log, activity, onActing } = this.#options
    this.#since.push(this.#members)
    this.#members = live
    log.info('shard members', { name, members: live.join(', ') })
    void activity
      .rested((key) => !this.isOurs(key))
      .then(() => {
        if (this.#members !== live) return
        this.#acting = ringOf(live)
        onActing()
      })
  }
}
