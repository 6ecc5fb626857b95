import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Deployment } from '../../src/apimachinery/kinds.generated.ts'
import {
  configmaps,
  deployments,
  endpoints,
  endpointslices,
  events,
  nodes,
  pods,
  replicasets,
  serviceaccounts,
  services,
} from '../../src/apimachinery/resources.generated.ts'
import { findCondition } from '../../src/operators/conditions.ts'
import { type Cluster, startCluster } from './cluster.ts'

const web = (replicas: number, image = 'web:1'): Deployment => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } } as never, spec: { containers: [{ name: 'web', image }] } },
  },
})

async function inCluster(run: (c: Cluster) => Promise<void>): Promise<void> {
  const cluster = await startCluster()
  try {
    await run(cluster)
  } finally {
    await cluster.stop()
  }
}

const isDone = async (c: Cluster) => {
  const d = await c.get(deployments, 'web')
  const s = d?.status
  return (
    d &&
    s?.observedGeneration === d.metadata.generation &&
    s?.updatedReplicas === d.spec?.replicas &&
    s?.availableReplicas === d.spec?.replicas &&
    s?.replicas === d.spec?.replicas &&
    d
  )
}

test('a Deployment becomes bound, ready pods spread over the nodes; update, undo and scale converge; deleting it leaves nothing', () =>
  inCluster(async (c) => {
    await c.client.create(deployments, web(4))
    const first = await c.until('rolled out', () => isDone(c))
    assert.is(findCondition(first.status?.conditions, 'Progressing')?.reason, 'NewReplicaSetAvailable')
    const placed = (await c.list(pods)).map((p) => p.spec?.nodeName).sort()
    assert.equal(placed, ['n1', 'n1', 'n2', 'n2'])

    const image = (name: string) => ({
      type: 'strategic' as const,
      body: { spec: { template: { spec: { containers: [{ name: 'web', image: name }] } } } },
    })
    await c.client.patch(deployments, 'web', image('web:2'), { namespace: 'default' })
    await c.until('rolled to web:2', () => isDone(c))
    await c.until('old pods gone', async () => (await c.list(pods)).every((p) => p.spec?.containers[0]?.image === 'web:2'))
    assert.is((await c.list(replicasets)).length, 2)

    await c.client.patch(deployments, 'web', image('web:1'), { namespace: 'default' })
    await c.until('rolled back', () => isDone(c))
    assert.is((await c.get(deployments, 'web'))?.metadata.annotations?.['deployment.kubernetes.io/revision'], '3')

    await c.client.patch(deployments, 'web', { type: 'merge', body: { spec: { replicas: 1 } } }, { namespace: 'default' })
    await c.until('scaled down', async () => (await isDone(c)) && (await c.list(pods)).length === 1)
    const reasons = new Set((await c.list(events)).map((e) => e.reason))
    for (const reason of ['ScalingReplicaSet', 'SuccessfulCreate', 'SuccessfulDelete', 'Scheduled'])
      assert.ok(reasons.has(reason), reason)

    await c.client.delete(deployments, 'web', { namespace: 'default', propagationPolicy: 'Background' })
    await c.until('all gone', async () => (await c.list(replicasets)).length + (await c.list(pods)).length === 0)
  }))

test('a rollout to a broken image keeps enough old pods', () =>
  inCluster(async (c) => {
    c.broken.add('web:bad')
    await c.client.create(deployments, web(4))
    await c.until('rolled out', () => isDone(c))
    await c.client.patch(
      deployments,
      'web',
      { type: 'merge', body: { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:bad' }] } } } } },
      { namespace: 'default' },
    )
    const d = await c.until('stuck', async () => {
      const now = await c.get(deployments, 'web')
      return now?.status?.updatedReplicas === 2 && now
    })
    assert.is(d.status?.availableReplicas, 3)
    assert.is(findCondition(d.status?.conditions, 'Available')?.status, 'True')
  }))

test('a deleted pod is replaced; a pod of nobody that matches is adopted', () =>
  inCluster(async (c) => {
    await c.client.create(deployments, web(2))
    await c.until('rolled out', () => isDone(c))
    const [victim] = await c.list(pods)
    await c.client.delete(pods, victim?.metadata.name ?? '', { namespace: 'default' })
    await c.until('replaced', async () => {
      const now = await c.list(pods)
      return now.length === 2 && now.every((p) => p.metadata.uid !== victim?.metadata.uid && p.status?.podIP)
    })
  }))

test('a Service has the ready pods in its slice and Endpoints', () =>
  inCluster(async (c) => {
    await c.client.create(deployments, web(2))
    await c.client.create(services, {
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        selector: { app: 'web' },
        clusterIP: '10.43.0.9',
        clusterIPs: ['10.43.0.9'],
        ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }],
      },
    } as never)
    const [slice] = await c.until('two ready endpoints', async () => {
      const slices = await c.list(endpointslices)
      return slices.length === 1 && slices[0]?.endpoints?.filter((e) => e.conditions?.ready).length === 2 && slices
    })
    assert.equal(
      slice?.ports?.map((p) => [p.name, p.port]),
      [['http', 8080]],
    )
    assert.is(slice?.metadata.labels?.['kubernetes.io/service-name'], 'web')
    await c.until('endpoints', async () => (await c.get(endpoints, 'web'))?.subsets?.[0]?.addresses?.length === 2)
    await c.client.delete(services, 'web', { namespace: 'default' })
    await c.until(
      'no endpoints',
      async () => (await c.list(endpointslices)).length === 0 && (await c.get(endpoints, 'web')) === undefined,
    )
  }))

test('Endpoints written by hand for a Service without selector are mirrored into a slice', () =>
  inCluster(async (c) => {
    const metadata = { name: 'db', namespace: 'default' }
    await c.client.create(services, {
      metadata,
      spec: { clusterIP: '10.43.0.8', clusterIPs: ['10.43.0.8'], ports: [{ port: 5432, protocol: 'TCP' }] },
    } as never)
    const subsets = [{ addresses: [{ ip: '192.0.2.7' }], ports: [{ port: 5432, protocol: 'TCP' as const }] }]
    await c.client.create(endpoints, { metadata, subsets })
    const mirrored = () =>
      c.list(endpointslices).then((all) => all.filter((s) => s.metadata.labels?.['kubernetes.io/service-name'] === 'db'))
    const [slice] = await c.until('mirrored', async () => {
      const found = await mirrored()
      return found.length === 1 && found
    })
    assert.equal(slice?.endpoints?.[0]?.addresses, ['192.0.2.7'])
    await c.client.delete(endpoints, 'db', { namespace: 'default' })
    await c.until('slice gone', async () => (await mirrored()).length === 0)
  }))

test('namespaces get a service account and the CA, nodes get ranges', () =>
  inCluster(async (c) => {
    await c.until('service account', () => c.get(serviceaccounts, 'default'))
    await c.until('root CA', async () => (await c.get(configmaps, 'kube-root-ca.crt'))?.data?.['ca.crt'] === 'PEM')
    const ranges = await c.until('ranges', async () => {
      const found = (await c.list(nodes)).map((n) => n.spec?.podCIDR)
      return found.every(Boolean) && found
    })
    assert.equal(ranges.sort(), ['10.42.0.0/24', '10.42.1.0/24'])
  }))

test('a pod that fits nowhere says why, and is placed when a node comes that takes it', () =>
  inCluster(async (c) => {
    const container = { name: 'big', image: 'big', resources: { requests: { cpu: '6' } } }
    await c.client.create(pods, { metadata: { name: 'big', namespace: 'default' }, spec: { containers: [container] } })
    const condition = await c.until('unschedulable', async () =>
      findCondition((await c.get(pods, 'big'))?.status?.conditions, 'PodScheduled'),
    )
    assert.is(condition.reason, 'Unschedulable')
    assert.is(
      condition.message,
      '0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    )
    await c.addNode('large', { status: { allocatable: { cpu: '8', memory: '8Gi', pods: '110' } } })
    await c.until('placed', async () => (await c.get(pods, 'big'))?.spec?.nodeName === 'large')
  }))

test.run()
