import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConfigMap } from '../../src/apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../src/apimachinery/object.ts'
import {
  clusterroles,
  configmaps,
  namespaces,
  nodes,
  poddisruptionbudgets,
  pods,
  secrets,
} from '../../src/apimachinery/resources.generated.ts'
import { freeRange } from '../../src/controllers/node-ipam.ts'
import { taintsOf } from '../../src/controllers/node-lifecycle.ts'
import { createOwnershipGraph, graphNodeOf, judge } from '../../src/controllers/ownership-graph.ts'
import { evictionTime } from '../../src/controllers/taint-eviction.ts'
import { type Cluster, startCluster } from './cluster.ts'

async function inCluster(run: (c: Cluster) => Promise<void>): Promise<void> {
  const cluster = await startCluster()
  await cluster.controllers.started
  try {
    await run(cluster)
  } finally {
    await cluster.stop()
  }
}

const at = { namespace: 'default' }
const map = (name: string, owners: readonly KubeObject[] = [], part: Partial<ConfigMap['metadata']> = {}): ConfigMap => ({
  metadata: {
    name,
    namespace: 'default',
    ownerReferences: owners.map((o) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: o.metadata.name ?? '',
      uid: o.metadata.uid ?? '',
      blockOwnerDeletion: true,
    })),
    ...part,
  },
})
const isGone =
  (c: Cluster, ...names: string[]) =>
  async () =>
    (await Promise.all(names.map((n) => c.get(configmaps, n)))).every((m) => !m)

test('what lost its only owner goes, down the whole chain; what has another owner stays and drops the reference', () =>
  inCluster(async (c) => {
    const [a, b] = [await c.client.create(configmaps, map('a')), await c.client.create(configmaps, map('b'))]
    const child = await c.client.create(configmaps, map('child', [a]))
    await c.client.create(configmaps, map('grandchild', [child]))
    await c.client.create(configmaps, map('shared', [a, b]))
    await c.client.delete(configmaps, 'a', { ...at, propagationPolicy: 'Background' })
    await c.until('chain gone', isGone(c, 'child', 'grandchild'))
    await c.until('reference dropped', async () => (await c.get(configmaps, 'shared'))?.metadata.ownerReferences?.length === 1)
  }))

test('an object made for an owner that never was, or is a namesake, goes', () =>
  inCluster(async (c) => {
    const a = await c.client.create(configmaps, map('a'))
    await c.client.create(configmaps, map('ghost', [{ metadata: { name: 'a', uid: 'another' } }]))
    await c.until('gone', isGone(c, 'ghost'))
    assert.is((await c.get(configmaps, 'a'))?.metadata.uid, a.metadata.uid)
  }))

test('foreground deletion waits for the dependents; orphan deletion leaves them', () =>
  inCluster(async (c) => {
    const a = await c.client.create(configmaps, map('a'))
    await c.client.create(configmaps, map('held', [a], { finalizers: ['example.com/hold'] }))
    await c.client.delete(configmaps, 'a', { ...at, propagationPolicy: 'Foreground' })
    await c.until('dependent is deleting', async () => (await c.get(configmaps, 'held'))?.metadata.deletionTimestamp)
    assert.ok(await c.get(configmaps, 'a'), 'the owner waits')
    await c.client.patch(configmaps, 'held', { type: 'merge', body: { metadata: { finalizers: null } } }, at)
    await c.until('both gone', isGone(c, 'a', 'held'))

    const b = await c.client.create(configmaps, map('b'))
    await c.client.create(configmaps, map('left', [b]))
    await c.client.delete(configmaps, 'b', { ...at, propagationPolicy: 'Orphan' })
    await c.until('owner gone', isGone(c, 'b'))
    assert.equal((await c.get(configmaps, 'left'))?.metadata.ownerReferences ?? [], [])
  }))

test('a namespace goes with all it holds, and says what it waits for', () =>
  inCluster(async (c) => {
    await c.client.create(namespaces, { metadata: { name: 'team' } })
    await c.client.create(secrets, { metadata: { name: 's', namespace: 'team' } }, { namespace: 'team' })
    await c.client.create(
      configmaps,
      { metadata: { name: 'm', namespace: 'team', finalizers: ['example.com/hold'] } },
      { namespace: 'team' },
    )
    await c.client.create(
      pods,
      { metadata: { name: 'p', namespace: 'team' }, spec: { containers: [{ name: 'c', image: 'x' }] } },
      { namespace: 'team' },
    )
    await c.until('runs', async () => (await c.get(pods, 'p', 'team'))?.status?.podIP)
    await c.client.delete(namespaces, 'team')
    const message = await c.until('waits', async () => {
      const conditions = (await c.get(namespaces, 'team'))?.status?.conditions
      return conditions?.find((x) => x.type === 'NamespaceFinalizersRemaining' && x.status === 'True')?.message
    })
    assert.is(message, 'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances')
    assert.is(await c.get(secrets, 's', 'team'), undefined)
    await c.client.patch(configmaps, 'm', { type: 'merge', body: { metadata: { finalizers: null } } }, { namespace: 'team' })
    await c.until('gone', async () => !(await c.get(namespaces, 'team')))
  }))

test('aggregated roles and disruption budgets are kept', () =>
  inCluster(async (c) => {
    const rule = { apiGroups: [''], resources: ['pods'], verbs: ['get'] }
    await c.client.create(clusterroles, {
      metadata: { name: 'sum' },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { into: 'sum' } }] },
      rules: [],
    })
    await c.client.create(clusterroles, { metadata: { name: 'part', labels: { into: 'sum' } }, rules: [rule] })
    await c.until('aggregated', async () => (await c.get(clusterroles, 'sum'))?.rules?.length === 1)
    await c.client.create(poddisruptionbudgets, {
      metadata: { name: 'b', namespace: 'default' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'x' } } },
    })
    for (const name of ['x1', 'x2'])
      await c.client.create(pods, {
        metadata: { name, namespace: 'default', labels: { app: 'x' } },
        spec: { containers: [{ name: 'c', image: 'x' }] },
      })
    await c.until('one may go', async () => (await c.get(poddisruptionbudgets, 'b'))?.status?.disruptionsAllowed === 1)
  }))

test('a node that reports not ready is tainted, and its pods leave when their toleration runs out', () =>
  inCluster(async (c) => {
    await c.client.create(pods, {
      metadata: { name: 'p', namespace: 'default' },
      spec: {
        nodeName: 'n1',
        containers: [{ name: 'c', image: 'x' }],
        tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 0 }],
      },
    })
    await c.until('runs', async () => (await c.get(pods, 'p'))?.status?.podIP)
    const condition = { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: '' }
    await c.client.patch(
      nodes,
      'n1',
      { type: 'strategic', body: { status: { conditions: [condition] } } },
      { subresource: 'status' },
    )
    await c.until('tainted', async () => (await c.get(nodes, 'n1'))?.spec?.taints?.length === 2)
    await c.until('evicted', async () => !(await c.get(pods, 'p')))
  }))

test('tolerations, ranges and taints are decided by their rules', () => {
  const taint = { key: 'k', effect: 'NoExecute' as const, timeAdded: '2026-01-01T00:00:00Z' }
  const start = Date.parse(taint.timeAdded)
  const tolerant = (tolerationSeconds?: number) => ({
    metadata: {},
    spec: {
      containers: [],
      tolerations: [{ key: 'k', operator: 'Exists' as const, ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }) }],
    },
  })
  assert.is(evictionTime(tolerant(60), [taint], start + 5), start + 60_000)
  assert.is(evictionTime(tolerant(), [taint], start), undefined)
  assert.is(evictionTime({ metadata: {}, spec: { containers: [] } }, [taint], start), start)
  assert.is(freeRange('10.42.0.0/16', 24, new Set(['10.42.0.0/24'])), '10.42.1.0/24')
  assert.is(freeRange('10.42.0.0/24', 24, new Set(['10.42.0.0/24'])), undefined)
  const ready = {
    metadata: {},
    spec: {
      taints: [
        { key: 'own', effect: 'NoSchedule' as const },
        { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' as const },
      ],
    },
    status: { conditions: [{ type: 'Ready' as const, status: 'True' as const }] },
  }
  assert.equal(taintsOf(ready as never, 0), [{ key: 'own', effect: 'NoSchedule' }])
})

test('the graph names whom a deletion concerns, and a circle of waiters is opened', () => {
  const graph = createOwnershipGraph()
  const of = (uid: string, owner?: string, deleting = false) =>
    graphNodeOf(configmaps as never, {
      metadata: {
        uid,
        name: uid,
        namespace: 'a',
        ...(owner
          ? { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: owner, uid: owner, blockOwnerDeletion: true }] }
          : {}),
        ...(deleting ? { deletionTimestamp: 'x', finalizers: ['foregroundDeletion'] } : {}),
      },
    })
  assert.equal(graph.set(of('parent')), [])
  assert.equal(graph.set(of('child', 'parent')), [])
  assert.equal(graph.set(of('parent', undefined, true)), ['parent', 'child'])
  assert.equal(graph.remove('child'), ['parent'])
  assert.equal(graph.remove('parent'), [])
  const circle = judge(of('a', 'b'), new Map([['b', 'waiting' as const]]), [of('b', 'a', true)])
  assert.equal(circle, { do: 'delete', policy: 'Foreground', unblocks: true })
})

test.run()
