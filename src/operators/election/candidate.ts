import type { Clock } from '../../apimachinery/clock.ts'
import type { Client } from '../../client/client.ts'
import type { Log } from '../log.ts'

/** A process that holds a Lease, or would like to. */
export interface CandidateOptions {
  readonly client: Client
  /** Of the Lease. */
  readonly namespace: string
  readonly name: string
  /** Unlike that of any other candidate, also of an earlier run. */
  readonly identity: string
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly signal: AbortSignal
  readonly log: Log
}
