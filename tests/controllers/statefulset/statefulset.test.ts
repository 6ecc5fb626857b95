import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { lastBetween, parseSchedule } from '../../../src/apimachinery/cron-schedule.ts'
import type { CronJob, Job, StatefulSet, StatefulSetSpec } from '../../../src/apimachinery/kinds.generated.ts'
import { cronjobs, jobs, persistentvolumeclaims, pods, statefulsets } from '../../../src/apimachinery/resources.generated.ts'
import { decide } from '../../../src/controllers/cronjob.ts'
import { type Cluster, startCluster } from '../cluster.ts'

async function inCluster(run: (c: Cluster) => Promise<void>): Promise<void> {
  const cluster = await startCluster()
  try {
    await run(cluster)
  } finally {
    await cluster.stop()
  }
}

const set = (part: Partial<StatefulSetSpec> = {}, image = 'db:1'): StatefulSet => ({
  metadata: { name: 'db', namespace: 'default' },
  spec: {
    replicas: 3,
    serviceName: 'db',
    selector: { matchLabels: { app: 'db' } },
    template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'db', image }] } },
    ...part,
  },
})
const images = async (c: Cluster) =>
  (await c.list(pods))
    .sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
    .map((p) => `${p.metadata.name}=${p.spec?.containers[0]?.image}`)
const isDone = (c: Cluster, replicas: number) => async () => {
  const now = await c.get(statefulsets, 'db')
  const s = now?.status
  return (
    s?.observedGeneration === now?.metadata.generation &&
    s?.readyReplicas === replicas &&
    s.replicas === replicas &&
    s.currentRevision === s.updateRevision &&
    s.updatedReplicas === replicas
  )
}
const image = (name: string) => ({
  type: 'strategic' as const,
  body: { spec: { template: { spec: { containers: [{ name: 'db', image: name }] } } } },
})
const at = { namespace: 'default' }

test('pods come up in order with names, host names and claims of their own; a rollout goes from the last to the first', () =>
  inCluster(async (c) => {
    const claim = {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce' as const], resources: { requests: { storage: '1Gi' } } },
    }
    await c.client.create(statefulsets, set({ volumeClaimTemplates: [claim] }))
    await c.until('up', isDone(c, 3))
    assert.equal(await images(c), ['db-0=db:1', 'db-1=db:1', 'db-2=db:1'])
    const first = await c.get(pods, 'db-0')
    assert.equal([first?.spec?.hostname, first?.spec?.subdomain], ['db-0', 'db'])
    assert.is(first?.spec?.volumes?.[0]?.persistentVolumeClaim?.claimName, 'data-db-0')
    assert.equal((await c.list(persistentvolumeclaims)).map((p) => p.metadata.name).sort(), [
      'data-db-0',
      'data-db-1',
      'data-db-2',
    ])
    await c.client.patch(statefulsets, 'db', image('db:2'), at)
    await c.until('rolled', isDone(c, 3))
    assert.equal(await images(c), ['db-0=db:2', 'db-1=db:2', 'db-2=db:2'])
    await c.client.patch(statefulsets, 'db', { type: 'merge', body: { spec: { replicas: 1 } } }, at)
    await c.until('scaled', isDone(c, 1))
    assert.is((await c.list(persistentvolumeclaims)).length, 3)
  }))

test('a broken first pod holds up the others, and a partition keeps the old ones', () =>
  inCluster(async (c) => {
    c.broken.add('db:bad')
    await c.client.create(statefulsets, set({}, 'db:bad'))
    await c.until('first', () => c.get(pods, 'db-0').then((p) => p?.status?.podIP))
    assert.is((await c.list(pods)).length, 1)
    await c.client.delete(statefulsets, 'db', { ...at, propagationPolicy: 'Background' })
    await c.until('gone', async () => (await c.list(pods)).length === 0)
    await c.client.create(statefulsets, set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } }))
    await c.until('up', async () => (await c.get(statefulsets, 'db'))?.status?.readyReplicas === 3)
    await c.client.patch(statefulsets, 'db', image('db:2'), at)
    await c.until('rolled to the partition', async () => (await images(c)).join() === 'db-0=db:1,db-1=db:1,db-2=db:2')
    const before = await c.get(pods, 'db-0')
    await c.client.delete(pods, 'db-0', at)
    const after = await c.until('replaced', async () => {
      const pod = await c.get(pods, 'db-0')
      return pod?.metadata.uid !== before?.metadata.uid && pod
    })
    assert.is(after.spec?.containers[0]?.image, 'db:1')
  }))

const utc = (text: string): number => Date.parse(`${text}Z`)
const next = (schedule: string, after: string, zone?: string): string =>
  new Date(parseSchedule(schedule, zone).next(utc(after)) ?? 0).toISOString().slice(0, 16)

test('schedules: steps, names, either day, leap days, and clocks that change', () => {
  assert.is(next('*/15 * * * *', '2026-01-01T00:07'), '2026-01-01T00:15')
  assert.is(next('30 4 * jan,jul mon-fri', '2026-01-31T00:00'), '2026-07-01T04:30')
  assert.is(next('0 0 13 * 5', '2026-02-01T00:00'), '2026-02-06T00:00')
  assert.is(next('0 0 29 2 *', '2026-01-01T00:00'), '2028-02-29T00:00')
  assert.is(next('@daily', '2026-01-01T00:00'), '2026-01-02T00:00')
  assert.is(next('0 9 * * *', '2026-07-01T00:00', 'Europe/Berlin'), '2026-07-01T07:00')
  assert.is(next('30 2 * * *', '2026-03-28T12:00', 'Europe/Berlin'), '2026-03-30T00:30')
  for (const bad of ['* * * *', '60 * * * *', '*/0 * * * *', '5-1 * * * *', 'x * * * *']) assert.throws(() => parseSchedule(bad))
  assert.throws(() => parseSchedule('* * * * *', 'Mars/Base'))
  const minutely = parseSchedule('* * * * *')
  assert.is(lastBetween(minutely, utc('2020-01-01T00:00'), utc('2026-01-01T00:00:30')), utc('2026-01-01T00:00'))
})

test('a CronJob starts one Job a scheduled time, obeys its policy and deadline, and forgets old Jobs', () => {
  const now = utc('2026-01-01T00:05:10')
  const cron = (part: Partial<NonNullable<CronJob['spec']>> = {}): CronJob => ({
    metadata: { name: 'c', creationTimestamp: '2026-01-01T00:00:30Z' },
    spec: { schedule: '*/5 * * * *', jobTemplate: { metadata: {} }, ...part },
  })
  const job = (name: string, ended?: 'Complete'): Job => ({
    metadata: { name, uid: name, creationTimestamp: name },
    status: ended ? { conditions: [{ type: ended, status: 'True' }] } : {},
  })
  const every5 = parseSchedule('*/5 * * * *')
  const first = decide(cron(), [], every5, now)
  assert.is(first.start, utc('2026-01-01T00:05'))
  assert.is(first.requeueAfterMs, 290_100)
  assert.is(decide({ ...cron(), status: { lastScheduleTime: '2026-01-01T00:05:00Z' } }, [], every5, now).start, undefined)
  assert.is(decide(cron({ concurrencyPolicy: 'Forbid' }), [job('a')], every5, now).skipped?.reason, 'JobAlreadyActive')
  assert.is(decide(cron({ concurrencyPolicy: 'Replace' }), [job('a')], every5, now).replace.length, 1)
  assert.is(decide(cron({ startingDeadlineSeconds: 5 }), [], every5, now).skipped?.reason, 'MissSchedule')
  assert.is(decide(cron({ suspend: true }), [], every5, now).start, undefined)
  const done = ['1', '2', '3', '4', '5'].map((n) => job(n, 'Complete'))
  assert.equal(
    decide(cron(), done, every5, now).forget.map((j) => j.metadata.name),
    ['1', '2'],
  )
})

test('in a cluster a CronJob whose time came makes its Job', () =>
  inCluster(async (c) => {
    c.ending.set('ok', 0)
    const template = { metadata: {}, spec: { restartPolicy: 'Never' as const, containers: [{ name: 'c', image: 'ok' }] } }
    await c.client.create(cronjobs, {
      metadata: { name: 'tick', namespace: 'default' },
      spec: { schedule: '@every 1s', jobTemplate: { metadata: {}, spec: { template } } },
    })
    await c.until('a Job', async () => (await c.list(jobs)).length > 0)
    await c.until('its success', async () => (await c.get(cronjobs, 'tick'))?.status?.lastSuccessfulTime)
  }))

test.run()
