import type { Clock } from '../apimachinery/clock.ts'
import type { Client } from '../client/client.ts'
import { createInformerSet, type InformerSet } from '../client/informer-set.ts'
import type { Log } from './log.ts'

interface SharedInformersOptions {
  /** Those of others in this process, if there are. */
  readonly informers: InformerSet | undefined
  /** Ends those that are made. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** In [0, 1). */
  readonly random?: () => number
  readonly log: Log
}

/** The informers of a part of the process: those that it was given, or ones of its own, whose troubles are logged. */
export function sharedInformers(client: Client, { informers, log, ...options }: SharedInformersOptions): InformerSet {
  const onError = (error: unknown, what: string) => log.warn(`retrying: ${what}`, { error: String(error) })
  return informers ?? createInformerSet(client, { ...options, onError })
}
