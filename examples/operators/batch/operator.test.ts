import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { parseSchedule } from 'slipway/operators'
import { startTestServer, type TestServer } from 'slipway/testkit'
import { decide, type Run } from './decide.ts'
import operator, { Batch } from './operator.ts'

const at = { namespace: 'default' }
let server: TestServer
before(async () => {
  const controllers = ['job-controller', 'garbage-collector', 'namespace-controller', 'serviceaccount-controller']
  server = await startTestServer({ crds: [Batch], controllers, nodes: ['node-1'] })
  server.nodes?.ending.set('good:1', 0).set('bad:1', 1)
  await server.run(operator).started
})
after(() => server.stop())

const jobs = async (batch: string) =>
  (await server.list('Job', 'default')).filter((job) => job.metadata.labels?.['example.com/batch'] === batch)
const isDone = (job: Awaited<ReturnType<typeof jobs>>[number], type: string) =>
  job.status?.conditions?.some((c) => c.type === type && c.status === 'True')
const names = async (batch: string) => (await jobs(batch)).map((job) => job.metadata.name).sort()
const change = (name: string, spec: object) => server.client.patch(Batch, name, { type: 'merge', body: { spec } }, at)
const long = { within: '30s' } as const

const minute = 60_000
const spec: Batch['spec'] = {
  schedule: '* * * * *',
  image: 'x',
  overlap: 'forbid',
  suspended: false,
  retries: 0,
  keep: { succeeded: 1, failed: 1 },
}
const plan = (part: Partial<Batch['spec']>, runs: Run[], since: number, now: number) =>
  decide({ ...spec, ...part }, parseSchedule(spec.schedule), runs, since, now)

test('of several times that were missed only the last is run', () => {
  const decision = plan({}, [], 0, 10.5 * minute)
  assert.equal(decision.start, 10 * minute)
  assert.equal(decision.next, 11 * minute)
})

test('a run whose status was not written is not begun twice', () => {
  const decision = plan({}, [{ name: 'a', at: minute, state: 'running' }], 0, minute)
  assert.equal(decision.start, undefined)
  assert.equal(decision.handled, minute)
})

test('a run that is not done holds back the next, or is replaced, or is left beside it', () => {
  const runs: Run[] = [{ name: 'a', at: minute, state: 'running' }]
  assert.equal(plan({}, runs, minute, 2 * minute).skipped, true)
  const replaced = plan({ overlap: 'replace' }, runs, minute, 2 * minute)
  assert.deepEqual([replaced.start, [...replaced.keep]], [2 * minute, []])
  const beside = plan({ overlap: 'allow' }, runs, minute, 2 * minute)
  assert.deepEqual([beside.start, [...beside.keep]], [2 * minute, ['a']])
})

test('the newest runs that ended stay, as many as asked for', () => {
  const ended = (name: string, time: number, state: Run['state']): Run => ({ name, at: time, state })
  const runs = [ended('a', 1, 'succeeded'), ended('b', 2, 'succeeded'), ended('c', 3, 'failed'), ended('d', 4, 'failed')]
  assert.deepEqual([...plan({ suspended: true }, runs, 0, minute).keep], ['b', 'd'])
})

test('a batch runs again and again, and keeps its newest runs only', async () => {
  await server.create(
    Batch,
    Batch.make({ name: 'clean', ...at }, { schedule: '@every 1s', image: 'good:1', keep: { succeeded: 1 } }),
  )
  const first = await server.eventually(async () => (await jobs('clean')).find((job) => isDone(job, 'Complete')), long)
  await server.eventually(
    async () => !(await names('clean')).includes(first.metadata.name) && (await names('clean')).length > 0,
    long,
  )
  assert.ok((await jobs('clean')).length <= 3)
  await change('clean', { suspended: true })
  await server.eventually(async () => {
    const conditions = (await server.get(Batch, 'clean'))?.status?.conditions
    return conditions?.some((c) => c.reason === 'Suspended')
  })
})

test('a run that fails is kept, and the batch goes on', async () => {
  await server.create(Batch, Batch.make({ name: 'broken', ...at }, { schedule: '@every 1s', image: 'bad:1' }))
  const failed = await server.eventually(async () => (await jobs('broken')).find((job) => isDone(job, 'Failed')), long)
  await server.eventually(async () => !(await names('broken')).includes(failed.metadata.name), long)
})

test('a run that is not done holds the next back', async () => {
  const slow = Batch.make({ name: 'slow', ...at }, { schedule: '@every 1s', image: 'slow:1' })
  const { uid } = (await server.create(Batch, slow)).metadata
  await server.eventually(async () => {
    const events = await server.list('Event', 'default')
    return events.some((e) => e.reason === 'Skipped' && e.involvedObject.uid === uid)
  }, long)
  assert.equal((await names('slow')).length, 1)
})

test('a schedule that is none is refused, and says where', async () => {
  const wrong = Batch.make({ name: 'wrong', ...at }, { schedule: '61 * * * *', image: 'x' })
  await assert.rejects(server.create(Batch, wrong), /spec\.schedule: .*61/)
})

test('the runs go with the batch', async () => {
  for (const name of ['clean', 'broken', 'slow']) await server.client.delete(Batch, name, at)
  for (const name of ['clean', 'broken', 'slow']) await server.eventually(async () => (await jobs(name)).length === 0, long)
})
