import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Pod } from '../../src/apimachinery/kinds.generated.ts'
import { enoughNodes, type Failure, failureMessage, schedule, score } from '../../src/scheduler/cycle.ts'
import { defaultPlugins } from '../../src/scheduler/plugins/index.ts'
import { preempt } from '../../src/scheduler/preemption.ts'
import type { Snapshot } from '../../src/scheduler/snapshot.ts'
import { node, pod, world } from './world.ts'

const options = { plugins: defaultPlugins, random: () => 0.5, start: 0 }
const place = (p: Pod, w: Snapshot) => schedule(p, w, options)
const where = (p: Pod, w: Snapshot) => {
  const result = place(p, w)
  return 'node' in result ? result.node : failureMessage(result)
}

test('reasons are counted and sorted, to the letter of kube-scheduler', () => {
  const nodes = [
    node('a', { cpu: '1' }),
    node('b', { cpu: '1', memory: '1Gi' }),
    node('c', { unschedulable: true }),
    node('d', { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] }),
    node('e', { pods: '0' }),
  ]
  assert.is(
    where(pod({ requests: { cpu: '2', memory: '2Gi' } }), world(nodes)),
    '0/5 nodes are available: 1 Insufficient memory, 1 Too many pods, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 2 Insufficient cpu.',
  )
  assert.is(where(pod(), world([])), 'no nodes available to schedule pods')
})

test('selector, affinity operators and host ports filter', () => {
  const [a, b] = [node('a', { labels: { disk: 'ssd', cores: '8' } }), node('b', { labels: { cores: '2' } })]
  const terms = (key: string, operator: 'Gt' | 'NotIn', values: string[]) => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
        },
      },
    },
  })
  assert.is(where(pod({ nodeSelector: { disk: 'ssd' } }), world([a, b])), 'a')
  assert.is(where(pod(terms('cores', 'Gt', ['4'])), world([a, b])), 'a')
  assert.is(where(pod(terms('disk', 'NotIn', ['ssd'])), world([a, b])), 'b')
  const ported = (hostIP?: string) =>
    pod({ containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80, hostPort: 80, ...(hostIP ? { hostIP } : {}) }] }] })
  assert.is(where(ported(), world([a, b], { a: [ported()] })), 'b')
  assert.match(
    where(ported(), world([a], { a: [ported('10.0.0.1')] })),
    /1 node\(s\) didn't have free ports for the requested pod ports\.$/,
  )
  assert.is(where(ported('10.0.0.2'), world([a], { a: [ported('10.0.0.1')] })), 'a')
})

test('a pod of an init container and a sidecar needs the larger of both phases', () => {
  const p = pod({
    requests: { cpu: '1' },
    initContainers: [
      { name: 'side', image: 'x', restartPolicy: 'Always', resources: { requests: { cpu: '1' } } },
      { name: 'init', image: 'x', resources: { requests: { cpu: '2' } } },
    ],
  })
  assert.is(where(p, world([node('a', { cpu: '3' })])), 'a')
  assert.match(where(p, world([node('a', { cpu: '2900m' })])), /1 Insufficient cpu\.$/)
})

test('pods spread by zone within maxSkew', () => {
  const nodes = ['a', 'b', 'c'].map((n, i) => node(n, { labels: { zone: i < 2 ? 'z1' : 'z2' } }))
  const labels = { app: 'web' }
  const spread = pod({
    labels,
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: labels } },
    ],
  })
  assert.is(where(spread, world(nodes, { a: [pod({ labels })] })), 'c')
  const bare = [...nodes, node('d')]
  const full = world(
    bare.filter((n) => n.metadata.name !== 'c'),
    { a: [pod({ labels })] },
  )
  assert.match(
    where(
      {
        ...spread,
        spec: { ...(spread.spec as never as object), containers: [], nodeSelector: { 'kubernetes.io/hostname': 'd' } } as never,
      },
      full,
    ),
    /missing required label/,
  )
})

test('affinity joins pods, anti-affinity parts them, also from the side of those already there', () => {
  const nodes = ['a', 'b'].map((n) => node(n))
  const term = (app: string) => [{ labelSelector: { matchLabels: { app } }, topologyKey: 'kubernetes.io/hostname' }]
  const near = (app: string) => ({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: term(app) } } })
  const apart = (app: string) => ({
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: term(app) } },
  })
  const db = pod({ labels: { app: 'db' } })
  assert.is(where(pod(near('db')), world(nodes, { b: [db] })), 'b')
  assert.is(where(pod(apart('db')), world(nodes, { b: [db] })), 'a')
  assert.is(where(db, world(nodes, { a: [pod(apart('db'))] })), 'b')
  assert.match(where(pod(near('db')), world(nodes)), /2 node\(s\) didn't match pod affinity rules\.$/)
  assert.ok(
    ['a', 'b'].includes(where(pod({ labels: { app: 'web' }, ...near('web') }), world(nodes))),
    'the first of a group satisfies itself',
  )
})

test('scores: least allocated, balanced, preferred affinity, soft taints and images, in kube-scheduler numbers', () => {
  const w = world(
    [
      node('a'),
      node('b', { images: { 'app:1': 523 * 2 ** 20 } }),
      node('c', { taints: [{ key: 'x', effect: 'PreferNoSchedule' }] }),
    ],
    { a: [pod({ requests: { cpu: '2', memory: '4Gi' } })] },
  )
  const p = pod({ requests: { cpu: '1', memory: '1Gi' } })
  const scores = score(p, w, w.nodes, defaultPlugins)
  // Fit: a (25 + 37) / 2 = 31; b, c (75 + 87) / 2 = 81. Balance: a 93; b, c 93. Taints × 3: 300, 300, 0. Image on one node of three: 15 of 100.
  assert.equal(Object.fromEntries(scores), { a: 31 + 93 + 300, b: 81 + 93 + 300 + 15, c: 81 + 93 })
  assert.is(where(p, w), 'b')
})

test('pods of lower priority are preempted where it does the least harm', () => {
  const low = (started: number, priority: number) => pod({ priority, started, requests: { cpu: '3' } })
  const nodes = [node('a'), node('b'), node('c', { unschedulable: true })]
  const w = world(nodes, { a: [low(1, 5)], b: [low(2, 1)] })
  const important = pod({ priority: 10, requests: { cpu: '2' } })
  const failure = place(important, w) as Failure
  const result = preempt(important, failure, w, { plugins: defaultPlugins, budgets: [], random: () => 0 })
  assert.ok('node' in result)
  assert.equal('node' in result && [result.node, result.victims.length], ['b', 1])
  const never = preempt(pod({ priority: 10, preemptionPolicy: 'Never', requests: { cpu: '2' } }), failure, w, {
    plugins: defaultPlugins,
    budgets: [],
    random: () => 0,
  })
  assert.equal(never, { message: 'preemption: not eligible due to preemptionPolicy=Never.' })
  const modest = preempt(pod({ priority: 0, requests: { cpu: '2' } }), failure, w, {
    plugins: defaultPlugins,
    budgets: [],
    random: () => 0,
  })
  assert.equal(modest, {
    message:
      'preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.',
  })
})

test('in large clusters a search ends when enough nodes are found', () => {
  assert.equal([50, 100, 1000, 5000, 10_000].map(enoughNodes), [50, 100, 420, 500, 500])
})

test('an unknown node keeps its pods until it comes, and an assumption can be taken back', () => {
  const w = world([node('a', { cpu: '1' })])
  const p = pod({ requests: { cpu: '1' } })
  w.assume(p, 'a')
  assert.match(where(pod({ requests: { cpu: '1' } }), w), /Insufficient cpu/)
  w.forget(p)
  assert.is(where(pod({ requests: { cpu: '1' } }), w), 'a')
  w.setPod({ ...p, spec: { ...(p.spec as NonNullable<Pod['spec']>), nodeName: 'late' } })
  w.setNode(node('late', { cpu: '1' }))
  assert.is(w.state('late')?.requested.get('cpu'), 1000)
})

test.run()
