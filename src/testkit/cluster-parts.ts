import type { Clock } from '../apimachinery/clock.ts'
import type { Client } from '../client/client.ts'
import type { InformerSet } from '../client/informer-set.ts'
import { type RunningControllers, startControllers } from '../controllers/index.ts'
import { createLog } from '../operators/log.ts'
import type { RunningScheduler } from '../scheduler/scheduler.ts'
import { type FakeNodes, fakeNodes } from './fake-nodes.ts'

/** What makes a cluster of an API: controllers, a scheduler, nodes. */
export interface ClusterParts {
  readonly controllers: RunningControllers
  readonly scheduler: RunningScheduler | undefined
  readonly nodes: FakeNodes | undefined
  readonly stopped: Promise<unknown>
}

interface ClusterPartsOptions {
  readonly client: Client
  readonly clock: Clock
  readonly informers: InformerSet
  readonly signal: AbortSignal
  /** Where complaints go. */
  readonly errors: string[]
  readonly controllers: readonly string[] | 'all'
  readonly nodes: readonly string[] | undefined
}

export async function startClusterParts(options: ClusterPartsOptions): Promise<ClusterParts> {
  const { client, clock, informers, signal, errors, controllers: names } = options
  const log = createLog((level, message, fields) => level !== 'info' && errors.push(`${message} ${JSON.stringify(fields)}`))
  const shared = { client, clock, informers, signal, log }
  const only = names === 'all' ? {} : { only: (name: string) => names.includes(name) }
  const controllers = startControllers({ ...shared, ...only, caBundle: 'PEM' })
  if (!options.nodes) return { controllers, scheduler: undefined, nodes: undefined, stopped: controllers.stopped }
  const { startScheduler } = await import('../scheduler/scheduler.ts')
  const scheduler = startScheduler(shared)
  const nodes = fakeNodes({ client, informers, now: clock.now, onError: (error) => errors.push(`kubelet: ${error}`) })
  for (const name of options.nodes) await nodes.add(name)
  return { controllers, scheduler, nodes, stopped: Promise.all([controllers.stopped, scheduler.stopped]) }
}
