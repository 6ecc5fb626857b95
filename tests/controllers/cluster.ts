// A cluster in memory: the test kit's server with all controllers, the scheduler, and nodes whose pods run at once.
import type { Node } from '../../src/apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../src/apimachinery/object.ts'
import type { Resource } from '../../src/apimachinery/resource.ts'
import { serviceaccounts } from '../../src/apimachinery/resources.generated.ts'
import type { Client } from '../../src/client/client.ts'
import type { InformerSet } from '../../src/client/informer-set.ts'
import type { RunningControllers } from '../../src/controllers/index.ts'
import type { RunningScheduler } from '../../src/scheduler/scheduler.ts'
import type { FakeNodes } from '../../src/testkit/fake-nodes.ts'
import { startTestServer } from '../../src/testkit/test-server.ts'

export interface Cluster extends Pick<FakeNodes, 'broken' | 'ending'> {
  readonly client: Client
  readonly controllers: RunningControllers
  readonly scheduler: RunningScheduler
  readonly informers: InformerSet
  addNode(name: string, part?: Partial<Node>): Promise<void>
  get<T extends KubeObject>(resource: Resource<T>, name: string, namespace?: string): Promise<T | undefined>
  list<T extends KubeObject>(resource: Resource<T>, namespace?: string): Promise<T[]>
  /** Resolves to what `look` finds, as soon as it is neither undefined nor false. */
  until<R>(what: string, look: () => Promise<R | undefined | false>, ms?: number): Promise<R>
  readonly errors: readonly string[]
  stop(): Promise<void>
}

export async function startCluster(nodes: readonly string[] = ['n1', 'n2']): Promise<Cluster> {
  const server = await startTestServer({ controllers: 'all', nodes })
  const { client, informers, errors, parts } = server
  if (!parts?.scheduler || !parts.nodes) throw new Error('a cluster has a scheduler and nodes')
  // Pods are admitted when their service account is there, and placed when the node controller has seen the nodes ready.
  await server.eventually(() => server.get(serviceaccounts, 'default'))
  await server.eventually(async () => (await server.list('Node')).every((n) => !n.spec?.taints?.length))
  const { add, broken, ending } = parts.nodes
  return {
    client,
    informers,
    errors,
    broken,
    ending,
    controllers: parts.controllers,
    scheduler: parts.scheduler,
    addNode: add,
    get: (resource, name, namespace = 'default') => server.get(resource, name, namespace) as never,
    list: (resource, namespace = 'default') => server.list(resource, namespace) as never,
    until: (what, look, ms = 8000) => server.eventually(look, { what, within: ms }) as never,
    stop: () => server.stop(),
  }
}
