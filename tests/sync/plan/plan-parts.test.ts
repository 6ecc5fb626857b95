import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Unstructured } from '../../../src/apimachinery/object.ts'
import { StatusError } from '../../../src/apimachinery/status.ts'
import { differences, shortValue } from '../../../src/sync/plan/difference.ts'
import { applyOrder } from '../../../src/sync/plan/order.ts'
import { problemsOf } from '../../../src/sync/plan/plan.ts'
import { prepared, trackedBy, trackingAnnotation } from '../../../src/sync/plan/tracking.ts'
import { parseManifests } from '../../../src/sync/render/yaml-manifests.ts'

const object = (kind: string, name: string, more: object = {}): Unstructured =>
  ({ apiVersion: 'v1', kind, metadata: { name, ...more } }) as Unstructured

test('objects are applied by wave, then kind, then name', () => {
  const wave = (n: string) => ({ annotations: { 'argocd.argoproj.io/sync-wave': n } })
  const items = [
    object('Deployment', 'b'),
    object('Deployment', 'a'),
    object('Service', 's'),
    object('Namespace', 'n'),
    object('Job', 'j', wave('-1')),
  ]
  assert.equal(
    applyOrder(items.map((o) => ({ object: o }))).map((i) => i.object.metadata.name),
    ['j', 'n', 's', 'a', 'b'],
  )
})

test('a Namespace moves before the first wave that uses it', () => {
  const early = { namespace: 'n', annotations: { 'argocd.argoproj.io/sync-wave': '-5' } }
  assert.equal(
    applyOrder([{ object: object('ConfigMap', 'c', early) }, { object: object('Namespace', 'n') }]).map((i) => i.object.kind),
    ['Namespace', 'ConfigMap'],
  )
})

test('differences name the fields, match named list items by name, and pass over what the server writes', () => {
  const before = {
    metadata: { resourceVersion: '1', labels: { 'a/b': 'x' } },
    spec: { c: [{ name: 'web', image: 'a' }], n: [1, 2] },
    status: { x: 1 },
  }
  const after = {
    metadata: { resourceVersion: '2', labels: { 'a/b': 'y' } },
    spec: { c: [{ name: 'side' }, { name: 'web', image: 'b' }], n: [1] },
  }
  assert.equal(
    differences(before, after).map((c) => `${c.field}: ${shortValue(c.before)} → ${shortValue(c.after)}`),
    [
      'metadata.labels[a/b]: x → y',
      'spec.c[web].image: a → b',
      'spec.c[side]: (none) → {"name":"side"}',
      'spec.n[1]: 2 → (none)',
    ],
  )
})

test('an object is tracked by its Application; a copy under another name is not', () => {
  const resource = { group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap', namespaced: true }
  const tracked = prepared(object('ConfigMap', 'c'), resource, 'demo', 'default')
  assert.is(tracked.metadata.annotations?.[trackingAnnotation], 'demo:/ConfigMap:default/c')
  assert.is(trackedBy(tracked), 'demo')
  assert.is(trackedBy({ ...tracked, metadata: { ...tracked.metadata, name: 'copy' } }), undefined)
})

const manifest = parseManifests(
  'web.yaml',
  'apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  replicas: three\n  bad: 1\n',
)[0]
const problem = (error: StatusError) => problemsOf(error, manifest as NonNullable<typeof manifest>).map((p) => p.message)

test("an Invalid answer's causes become problems at their lines", () => {
  const details = { causes: [{ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.replicas' }] }
  assert.equal(problem(new StatusError(422, 'Invalid', 'Pod "p" is invalid', details)), [
    'web.yaml:6:3: Pod p: spec.replicas: Required value',
  ])
})

test('unknown fields and wrong types are found in the message', () => {
  assert.equal(problem(new StatusError(400, 'BadRequest', 'strict decoding error: unknown field "spec.bad"')), [
    'web.yaml:7:3: Pod p: unknown field "spec.bad"',
  ])
  const typed =
    'failed to create typed patch object (default/p; /v1, Kind=Pod): .spec.replicas: expected numeric (int or float), got string'
  assert.match(problem(new StatusError(500, '', typed))[0] ?? '', /^web\.yaml:6:3: Pod p: \.spec\.replicas: expected numeric/)
})

test.run()
