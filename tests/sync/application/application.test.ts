import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Unstructured } from '../../../src/apimachinery/object.ts'
import {
  type Application,
  applicationFor,
  automation,
  builtInRepository,
  keyOfTracking,
  otherCluster,
  trackingName,
} from '../../../src/sync/application/application.ts'
import { inventoryOf, leftOver, observedStatus, saysMore } from '../../../src/sync/application/status.ts'
import { progressOf } from '../../../src/sync/push/wait.ts'

const now = '2026-01-01T00:00:00Z'
const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'default' } } as Unstructured
const observed = (inSync: boolean, live: Unstructured | undefined = settings) => ({
  revision: 'abc',
  sourceType: 'Directory',
  comparisons: [{ wanted: settings, live, inSync }],
  leftOver: [],
  now,
})

test('only addresses of the built-in Git server name its repositories', () => {
  assert.is(builtInRepository('https://kubernetes.default.svc/git/team/shop.git'), 'team/shop')
  assert.is(builtInRepository('https://127.0.0.1:6443/git/shop'), 'shop')
  assert.is(builtInRepository('https://github.com/git/shop.git'), undefined)
  assert.is(builtInRepository('http://127.0.0.1/git/shop.git'), undefined)
})

test('an Application is for this cluster when it names it, by its own addresses, or none', () => {
  const cluster = (destination: Application['spec']['destination']) =>
    otherCluster({ ...applicationFor('shop'), spec: { project: 'default', destination } })
  const own = [{}, { name: 'in-cluster' }, { server: 'https://kubernetes.default.svc' }, { server: 'https://127.0.0.1:6443/' }]
  assert.equal(own.map(cluster), [undefined, undefined, undefined, undefined])
  assert.is(cluster({ server: 'https://prod.example.com' }), 'https://prod.example.com')
  assert.is(cluster({ server: 'https://kubernetes.default.svc.example.com' }), 'https://kubernetes.default.svc.example.com')
  assert.is(cluster({ name: 'prod' }), 'prod')
})

test('the Application of a first push syncs HEAD by itself, prunes and heals', () => {
  const app = applicationFor('team/shop')
  assert.is(app.metadata.name, 'team-shop')
  assert.equal(automation(app), { on: true, prune: true, selfHeal: true, allowEmpty: false })
  assert.is(keyOfTracking(trackingName(app)), 'argocd/team-shop')
  assert.is(keyOfTracking(trackingName({ ...app, metadata: { name: 'x', namespace: 'other' } })), 'other/x')
})

test('the status is OutOfSync when an object differs or is left over, and as healthy as its worst object', () => {
  const app = applicationFor('shop')
  assert.equal(observedStatus(app, observed(true)).sync, { status: 'Synced', revision: 'abc' })
  assert.is(observedStatus(app, observed(false)).sync?.status, 'OutOfSync')
  assert.is(
    observedStatus(app, { ...observed(true), comparisons: [{ wanted: settings, live: undefined, inSync: false }] }).health
      ?.status,
    'Missing',
  )
  const old = { group: '', version: 'v1', kind: 'Secret', namespace: 'default', name: 'old' }
  assert.is(observedStatus(app, { ...observed(true), leftOver: [old] }).sync?.status, 'OutOfSync')
})

test('the inventory comes back from the status, and what is not wanted any more is left over', () => {
  const app: Application = { ...applicationFor('shop'), status: observedStatus(applicationFor('shop'), observed(true)) }
  assert.equal(inventoryOf(app), [{ group: '', version: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'settings' }])
  assert.equal(leftOver(inventoryOf(app), [settings]), [])
  assert.is(leftOver(inventoryOf(app), []).length, 1)
})

test('a status that says nothing new is not written', () => {
  const app = applicationFor('shop')
  const status = observedStatus(app, observed(true))
  assert.not(saysMore({ ...status, reconciledAt: now }, status))
  assert.ok(saysMore(status, observedStatus(app, observed(false))))
})

test('a wait ends when the commit is synced and healthy, or cannot become so; the status of an older commit says nothing', () => {
  const app = applicationFor('shop')
  const state = { phase: 'Succeeded', startedAt: now, operation: {}, syncResult: { revision: 'abc' } } as const
  const status = { ...observedStatus(app, observed(true)), operationState: state }
  assert.is(progressOf({ ...app, status }, 'abc').state, 'ready')
  assert.is(progressOf({ ...app, status }, 'def').state, 'waiting')
  assert.equal(
    progressOf({ ...app, status: { ...status, operationState: { ...state, phase: 'Failed', message: 'no' } } }, 'abc'),
    { state: 'failed', why: 'no' },
  )
})

test.run()
