import type { Clock } from '../apimachinery/clock.ts'
import type { Service } from '../apimachinery/kinds.generated.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../operators/events.ts'
import type { Log } from '../operators/log.ts'
import type { AddressPool } from './docker/address-pool.ts'
import type { Engine } from './docker/engine.ts'
import type { VolumeSources } from './volumes/kind.ts'
import type { ProjectedTokens } from './volumes/service-account-token.ts'

/** What every pod of a node shares. */
export interface NodeContext {
  readonly client: Client
  readonly engine: Engine
  readonly clock: Clock
  readonly log: Log
  readonly events: EventRecorder
  readonly nodeName: string
  /** InternalIP addresses. */
  readonly hostIps: readonly string[]
  readonly clusterDns: string
  readonly clusterDomain: string
  /** Folder of this node's pods and caches; absolute. */
  readonly dataDir: string
  readonly allocatable: Readonly<Record<string, string>>
  /** Bytes. */
  readonly memoryCapacity: number
  readonly addresses: AddressPool
  readonly sources: VolumeSources
  readonly tokens: ProjectedTokens
  readonly services: () => readonly Service[]
  readonly daemon: {
    readonly runtimes: readonly string[]
    readonly hasAppArmor: boolean
    readonly cgroupDriver: string
    readonly lowestOomScore: number
  }
  /** Docker's runtime of a RuntimeClass; undefined: the default. Throws when the class or its runtime does not exist. */
  readonly runtimeOf: (runtimeClassName: string | undefined) => Promise<string | undefined>
  /** Ends everything; containers go on running. */
  readonly signal: AbortSignal
}

export const podDirOf = (context: Pick<NodeContext, 'dataDir'>, podUid: string): string => {
  if (!/^[\w-]+$/.test(podUid)) throw new Error(`invalid pod uid ${JSON.stringify(podUid)}`)
  return `${context.dataDir}/pods/${podUid}`
}
