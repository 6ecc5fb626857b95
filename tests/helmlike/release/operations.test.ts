import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type OperationOptions, Releases } from '../../../src/helmlike/release/operations.ts'
import { startTestServer } from '../../../src/testkit/start.ts'
import type { TestServer } from '../../../src/testkit/test-server.ts'
import { chartOf, configMap, deployment, hookJob } from './charts.ts'

let server: TestServer
const on = (options: Partial<OperationOptions> = {}) =>
  new Releases(server.client, { namespace: 'default', timeoutMs: 20_000, ...options })
const rejection = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
  } catch (e) {
    return (e as Error).message
  }
  throw new Error('it should have failed')
}
const hook = (event: string, more: Readonly<Record<string, string>> = {}) => ({ 'helm.sh/hook': event, ...more })
const jobs = async () => (await server.list('Job')).map((j) => j.metadata.name)

test.before(async () => {
  server = await startTestServer({ controllers: 'all', nodes: ['one'] })
  server.nodes?.broken.add('broken')
  server.nodes?.ending.set('ends', 0)
  server.nodes?.ending.set('fails', 1)
})
test.after(() => server.stop())

test('install with --wait ends when the pods are available, and upgrade, rollback and uninstall go on from there', async () => {
  const r = await on({ wait: true }).install('a', chartOf({ 'd.yaml': deployment('v1', 2) }), new Map())
  assert.is(r.info.status, 'deployed')
  const live = await server.get('Deployment', 'a')
  assert.is(live?.status?.availableReplicas, 2)
  await on({ wait: true }).upgrade('a', chartOf({ 'd.yaml': deployment('v2', 1), 'c.yaml': configMap('extra', 'x') }), new Map())
  assert.is((await server.get('Deployment', 'a'))?.spec?.template.spec?.containers[0]?.image, 'v2')
  await on({ wait: true }).rollback('a', 0)
  assert.is((await server.get('Deployment', 'a'))?.spec?.template.spec?.containers[0]?.image, 'v1')
  assert.is(await server.get('ConfigMap', 'extra'), undefined)
  assert.equal(
    (await on().history('a')).map((x) => [x.version, x.info.status]),
    [
      [1, 'superseded'],
      [2, 'superseded'],
      [3, 'deployed'],
    ],
  )
  await on().uninstall('a')
  assert.is(await server.get('Deployment', 'a'), undefined)
  assert.equal(await on().history('a'), [])
})

test('what does not become ready in time fails, says why, and stays failed', async () => {
  const problem = await rejection(
    on({ wait: true, timeoutMs: 1500 }).install('late', chartOf({ 'd.yaml': deployment('broken') }), new Map()),
  )
  assert.match(problem, /timed out after 2 s: .*Deployment.*late.*: 0 of 1 pods are available/)
  assert.is((await on().revision('late')).info.status, 'failed')
})

test('with --rollback-on-failure a failed install is gone and a failed upgrade rolled back', async () => {
  const options = { atomic: true, timeoutMs: 1500 }
  await rejection(on(options).install('gone', chartOf({ 'd.yaml': deployment('broken') }), new Map()))
  assert.equal(await on().history('gone'), [])
  await on({ wait: true }).install('back', chartOf({ 'd.yaml': deployment('v1') }), new Map())
  const problem = await rejection(on(options).upgrade('back', chartOf({ 'd.yaml': deployment('broken') }), new Map()))
  assert.match(problem, /has been rolled back/)
  assert.equal(
    (await on().history('back')).map((x) => x.info.status),
    ['superseded', 'failed', 'deployed'],
  )
  assert.is((await server.get('Deployment', 'back'))?.spec?.template.spec?.containers[0]?.image, 'v1')
})

test('hooks run by weight, then by name, and are deleted as their policies say', async () => {
  const done = { 'helm.sh/hook-delete-policy': 'hook-succeeded' }
  const chart = chartOf({
    'z.yaml': hookJob('first', 'ends', hook('pre-install', { 'helm.sh/hook-weight': '-5', ...done })),
    'a.yaml': hookJob('second', 'ends', hook('pre-install', { 'helm.sh/hook-weight': '3' })),
    'b.yaml': hookJob('third', 'ends', hook('post-install,post-upgrade')),
    'c.yaml': configMap('plain', 'x'),
  })
  const r = await on().install('hooked', chart, new Map())
  const ran = (r.hooks ?? []).filter((h) => h.last_run.phase === 'Succeeded')
  const order = ran.sort((x, y) => ((x.last_run.started_at ?? '') < (y.last_run.started_at ?? '') ? -1 : 1)).map((h) => h.name)
  assert.equal(order, ['first', 'second', 'third'])
  assert.equal((await jobs()).sort(), ['second', 'third'])
  const before = (await server.get('Job', 'third'))?.metadata.uid
  await on().upgrade('hooked', chart, new Map())
  assert.is.not((await server.get('Job', 'third'))?.metadata.uid, before, 'before-hook-creation is the default')
  await on().uninstall('hooked')
})

test('a hook that fails fails the release, and hook-failed deletes it', async () => {
  const chart = chartOf({
    'h.yaml': hookJob('bad', 'fails', hook('pre-install', { 'helm.sh/hook-delete-policy': 'hook-failed' })),
  })
  assert.match(
    await rejection(on().install('bad', chart, new Map())),
    /pre-install hook web\/templates\/h\.yaml failed: Job bad failed/,
  )
  assert.is((await on().revision('bad')).info.status, 'failed')
  assert.is(await server.get('Job', 'bad'), undefined)
})

test('tests run when asked for, and a failing one is told', async () => {
  const chart = chartOf({ 't.yaml': hookJob('check', 'ends', hook('test')), 'c.yaml': configMap('c', 'x') })
  await on().install('tested', chart, new Map())
  assert.is(await server.get('Job', 'check'), undefined)
  const r = await on().test('tested')
  assert.is(r.hooks?.[0]?.last_run.phase, 'Succeeded')
})

test('a release whose operation was cut off is taken over, but not before it can be', async () => {
  const chart = chartOf({ 'c.yaml': configMap('cut', 'x') })
  await on().install('cut', chart, new Map())
  const store = on()
  const last = await store.revision('cut')
  const { ReleaseStore } = await import('../../../src/helmlike/release/release-store.ts')
  const records = new ReleaseStore(server.client, 'default', () => new Date())
  await records.create({ ...last, version: 2, info: { ...last.info, status: 'pending-upgrade' } })
  assert.match(await rejection(on().upgrade('cut', chart, new Map())), /another operation .* is in progress/)
  const later = new Date(Date.now() + 3_600_000)
  const r = await on({ now: () => later }).upgrade('cut', chart, new Map())
  assert.equal([r.version, r.info.status], [3, 'deployed'])
  assert.is((await on().revision('cut', 2)).info.status, 'failed')
})

test('objects of others are not taken over unless asked to', async () => {
  await server.create('ConfigMap', { metadata: { name: 'theirs', namespace: 'default' }, data: { value: 'old' } })
  const chart = chartOf({ 'c.yaml': configMap('theirs', 'new') })
  assert.match(await rejection(on().install('taker', chart, new Map())), /exists and cannot be imported/)
  await on({ takeOwnership: true, forceConflicts: true }).install('taker', chart, new Map())
  assert.is((await server.get('ConfigMap', 'theirs'))?.data?.value, 'new')
})

test('definitions of crds/ come first; an upgrade offers changed ones and brings them when told to', async () => {
  const crd = (version: string) =>
    JSON.stringify({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'toys.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { kind: 'Toy', plural: 'toys', singular: 'toy', listKind: 'ToyList' },
        versions: ['v1', version]
          .filter((v, i, all) => all.indexOf(v) === i)
          .map((name) => ({
            name,
            served: true,
            storage: name === 'v1',
            schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          })),
      },
    })
  const toy = { 't.yaml': 'apiVersion: example.com/v1\nkind: Toy\nmetadata: {name: bear}\n' }
  await on().install('toys', chartOf(toy, { 'crds/toy.yaml': crd('v1') }), new Map())
  const warnings: string[] = []
  const warn = (message: string) => void warnings.push(message)
  const next = chartOf(toy, { 'crds/toy.yaml': crd('v2') })
  await on({ warn }).upgrade('toys', next, new Map())
  assert.match(warnings.join(), /toys\.example\.com.* of the chart is not as the cluster has it; --upgrade-crds/)
  warnings.length = 0
  await on({ warn, upgradeCrds: true }).upgrade('toys', next, new Map())
  await on({ warn }).upgrade('toys', next, new Map())
  assert.equal(warnings, [])
})

test.run()
