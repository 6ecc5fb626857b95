import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Job, JobSpec, Pod } from '../../../src/apimachinery/kinds.generated.ts'
import { daemonsets, jobs, nodes, pods } from '../../../src/apimachinery/resources.generated.ts'
import { decide } from '../../../src/controllers/job/decide.ts'
import { formatIndexes, parseIndexes } from '../../../src/controllers/job/indexes.ts'
import { failureVerdict, jobPod, trackingFinalizer } from '../../../src/controllers/job/pods.ts'
import { findCondition } from '../../../src/operators/conditions.ts'
import { type Cluster, startCluster } from '../cluster.ts'

const now = Date.UTC(2026, 0, 1)
const spec = (part: Partial<JobSpec> = {}): JobSpec => ({
  parallelism: 2,
  completions: 3,
  backoffLimit: 6,
  template: { metadata: {}, spec: { restartPolicy: 'Never', containers: [{ name: 'work', image: 'ok' }] } },
  ...part,
})
const job = (part: Partial<JobSpec> = {}): Job => ({
  metadata: { name: 'work', namespace: 'default', uid: 'j' },
  spec: spec(part),
  status: { startTime: new Date(now - 1000).toISOString() },
})
let made = 0
const pod = (phase: 'Running' | 'Succeeded' | 'Failed', index?: number): Pod => {
  const p = jobPod(job(index === undefined ? {} : { completionMode: 'Indexed' }), index)
  const name = `p${made++}`
  const finishedAt = new Date(now - 60_000_000).toISOString()
  const containerStatuses = [
    {
      name: 'work',
      image: '',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { terminated: { exitCode: phase === 'Failed' ? 3 : 0, finishedAt } },
    },
  ]
  return {
    ...p,
    metadata: { ...p.metadata, name, uid: name },
    status: { phase, ...(phase === 'Running' ? {} : { containerStatuses }) },
  }
}

test('indexes are written as ranges and read back within bounds', () => {
  assert.is(formatIndexes([7, 1, 3, 4, 5, 9, 10]), '1,3-5,7,9,10')
  assert.equal([...parseIndexes('1,3-5,7-99999999999', 9)], [1, 3, 4, 5, 7, 8])
})

test('no more pods run than parallelism and what is left to complete', () => {
  assert.is(decide(job(), [], now).create.length, 2)
  assert.is(decide(job(), [pod('Running')], now).create.length, 1)
  assert.is(decide(job(), [pod('Succeeded'), pod('Succeeded')], now).create.length, 1)
})

test('a finished pod is counted once: by uid while it holds the finalizer, then by number', () => {
  const done = pod('Succeeded')
  const first = decide(job(), [done], now)
  assert.equal(first.status.uncountedTerminatedPods?.succeeded, [done.metadata.uid])
  assert.is(first.status.succeeded, 0)
  assert.equal(first.release, [done])
  const again = decide({ ...job(), status: first.status }, [done], now)
  assert.equal(again.status.uncountedTerminatedPods?.succeeded, [done.metadata.uid])
  const freed = { ...done, metadata: { ...done.metadata, finalizers: [] } }
  const counted = decide({ ...job(), status: first.status }, [freed], now)
  assert.is(counted.status.succeeded, 1)
  assert.is(decide({ ...job(), status: counted.status }, [freed], now).status.succeeded, 1)
})

test('past the back-off limit the Job fails: first its pods are stopped, then it has failed', () => {
  const failing = job({ backoffLimit: 0 })
  const running = pod('Running')
  const first = decide(failing, [pod('Failed'), running], now)
  assert.equal(first.remove, [running])
  assert.is(findCondition(first.status.conditions, 'FailureTarget')?.reason, 'BackoffLimitExceeded')
  assert.is(findCondition(first.status.conditions, 'Failed'), undefined)
  const counted = { ...first.status, uncountedTerminatedPods: {}, failed: 2 }
  const last = decide({ ...failing, status: counted }, [], now)
  assert.is(findCondition(last.status.conditions, 'Failed')?.message, 'Job has reached the specified backoff limit')
})

test('a failed pod is replaced after 10 s, doubled with each failure', () => {
  const failed = pod('Failed')
  const state = failed.status?.containerStatuses?.[0]?.state?.terminated
  if (state) state.finishedAt = new Date(now - 4000).toISOString()
  assert.is(decide(job({ completions: 1, parallelism: 1 }), [failed], now).requeueAfterMs, 6000)
})

test('an indexed Job gives each index one pod, and the failure policy decides by exit code', () => {
  const indexed = job({ completionMode: 'Indexed' })
  assert.equal(decide(indexed, [pod('Succeeded', 0)], now).create, [1, 2])
  const rules = [{ action: 'FailJob' as const, onExitCodes: { operator: 'In' as const, values: [3] } }]
  assert.is(failureVerdict(job({ podFailurePolicy: { rules } }), pod('Failed')).action, 'FailJob')
  const p = jobPod(indexed, 2)
  assert.is(p.spec?.hostname, 'work-2')
  assert.ok(p.metadata.finalizers?.includes(trackingFinalizer))
})

async function inCluster(run: (c: Cluster) => Promise<void>): Promise<void> {
  const cluster = await startCluster()
  try {
    await run(cluster)
  } finally {
    await cluster.stop()
  }
}

test('in a cluster a Job completes, one that fails fails, and a deleted one leaves no pod behind', () =>
  inCluster(async (c) => {
    c.ending.set('ok', 0)
    c.ending.set('bad', 1)
    await c.client.create(jobs, { metadata: { name: 'good', namespace: 'default' }, spec: spec({ completionMode: 'Indexed' }) })
    const bad = spec({
      backoffLimit: 0,
      template: { metadata: {}, spec: { restartPolicy: 'Never', containers: [{ name: 'work', image: 'bad' }] } },
    })
    await c.client.create(jobs, { metadata: { name: 'bad', namespace: 'default' }, spec: bad })
    const good = await c.until('complete', async () => {
      const j = await c.get(jobs, 'good')
      return findCondition(j?.status?.conditions, 'Complete')?.status === 'True' && j
    })
    assert.equal([good.status?.succeeded, good.status?.completedIndexes, good.status?.failed ?? 0], [3, '0-2', 0])
    const failed = await c.until('failed', async () => {
      const j = await c.get(jobs, 'bad')
      return findCondition(j?.status?.conditions, 'Failed')?.status === 'True' && j
    })
    assert.is(failed.status?.failed, 2)
    await c.client.delete(jobs, 'good', { namespace: 'default', propagationPolicy: 'Background' })
    await c.client.delete(jobs, 'bad', { namespace: 'default', propagationPolicy: 'Foreground' })
    await c.until('no pods', async () => (await c.list(pods)).length === 0 && (await c.list(jobs)).length === 0)
  }))

test('in a cluster a DaemonSet has one pod a node, also on a new and a cordoned node, and rolls node by node', () =>
  inCluster(async (c) => {
    const template = (image: string) => ({ metadata: { labels: { app: 'log' } }, spec: { containers: [{ name: 'log', image }] } })
    const rolling = { type: 'RollingUpdate' as const, rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } }
    await c.client.create(daemonsets, {
      metadata: { name: 'log', namespace: 'default' },
      spec: { selector: { matchLabels: { app: 'log' } }, template: template('log:1'), updateStrategy: rolling },
    })
    await c.client.patch(nodes, 'n2', { type: 'merge', body: { spec: { unschedulable: true } } })
    const isReady = async (n: number) => {
      const s = (await c.get(daemonsets, 'log'))?.status
      return s?.desiredNumberScheduled === n && s.numberAvailable === n && s.updatedNumberScheduled === n
    }
    await c.until('two pods', () => isReady(2))
    await c.addNode('n3')
    await c.until('three pods', () => isReady(3))
    assert.equal((await c.list(pods)).map((p) => p.spec?.nodeName).sort(), ['n1', 'n2', 'n3'])
    await c.client.patch(
      daemonsets,
      'log',
      { type: 'merge', body: { spec: { template: template('log:2') } } },
      { namespace: 'default' },
    )
    await c.until(
      'all new',
      async () => (await isReady(3)) && (await c.list(pods)).every((p) => p.spec?.containers[0]?.image === 'log:2'),
    )
  }))

test.run()
