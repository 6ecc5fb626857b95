import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { builtInKind, customKind } from '../../../src/api/apply/applied-kind.ts'
import { applyConfiguration, trackUpdate } from '../../../src/api/apply/field-manager.ts'
import { entriesOf, type Json } from '../../../src/api/apply/managers.ts'
import { decodeText } from '../../../src/api/schema/decode.ts'
import { sameButTimes, sameButTimesSteps } from '../../../src/api/verbs/same.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import type { StatusError } from '../../../src/apimachinery/status.ts'
import { atOnce } from '../../../src/apimachinery/steps.ts'
import { typeNamed } from '../golden.ts'

const deployment = builtInKind('apps', 'v1', 'Deployment')
const configMap = builtInKind('', 'v1', 'ConfigMap')
const at = (second: number): Date => new Date(Date.UTC(2024, 0, 1, 0, 0, second))

const cm = (data: Json, more: Json = {}): Json => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'x', ...more },
  data,
})
const stored = (object: Json): Json => ({ ...object, metadata: { ...(object.metadata as Json), uid: 'u' } })
const apply = (live: Json | undefined, config: Json, manager: string, force = false, second = 0, kind = configMap): Json =>
  stored(applyConfiguration(kind, live, config, { manager, force, now: at(second) }))
const update = (live: Json | undefined, next: Json, manager: string, second = 0): Json =>
  stored(trackUpdate(configMap, live, next, { manager, now: at(second) }))
const owners = (object: Json) =>
  Object.fromEntries((entriesOf(object) ?? []).map((e) => [`${e.manager} ${e.operation}`, JSON.stringify(e.fieldsV1)]))

const refusal = (run: () => unknown): StatusError => {
  try {
    run()
  } catch (e) {
    return e as StatusError
  }
  throw new Error('no error')
}

test('who creates owns what it gives, but not what only the server writes', () => {
  const created = update(undefined, cm({ a: '1' }, { labels: { l: 'x' } }), 'kubectl-create')
  assert.equal(owners(created), {
    'kubectl-create Update': '{"f:data":{".":{},"f:a":{}},"f:metadata":{"f:labels":{".":{},"f:l":{}}}}',
  })
})

test('an update takes over the fields it changes, and only those', () => {
  const first = update(undefined, cm({ a: '1', b: '1' }), 'one')
  const second = update(first, cm({ a: '1', b: '2' }, { uid: 'u' }), 'two', 5)
  assert.equal(owners(second), { 'one Update': '{"f:data":{".":{},"f:a":{}}}', 'two Update': '{"f:data":{"f:b":{}}}' })
  assert.equal(
    entriesOf(second)?.map((e) => e.time),
    ['2024-01-01T00:00:00Z', '2024-01-01T00:00:05Z'],
  )
})

test('apply conflicts with who owns a different value, says so as kube-apiserver does, and force takes the field over', () => {
  const live = update(undefined, cm({ a: '1' }), 'one')
  const error = refusal(() => apply(live, cm({ a: '2' }), 'two'))
  assert.is(error.message, 'Apply failed with 1 conflict: conflict with "one" using v1: .data.a')
  assert.equal(error.status.details?.causes, [
    { reason: 'FieldManagerConflict', message: 'conflict with "one" using v1', field: '.data.a' },
  ])
  const forced = apply(live, cm({ a: '2' }), 'two', true)
  assert.equal(owners(forced), { 'two Apply': '{"f:data":{"f:a":{}}}', 'one Update': '{"f:data":{}}' })
})

test('a field that is applied no longer goes, unless somebody else owns it too', () => {
  const one = apply(undefined, cm({ a: '1', b: '1' }), 'one')
  const both = apply(one, cm({ b: '1' }), 'two')
  const less = apply(both, cm({}), 'one')
  assert.equal((less as { data: unknown }).data, { b: '1' })
  assert.equal(owners(less), { 'one Apply': '{"f:data":{}}', 'two Apply': '{"f:data":{"f:b":{}}}' })
})

test('list items are told apart by their keys, with the defaults that the schema gives', () => {
  const config = (ports: Json[]): Json => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'x' },
    spec: { template: { spec: { containers: [{ name: 'a', ports }] } } },
  })
  const live = apply(undefined, config([{ containerPort: 80 }]), 'one', false, 0, deployment)
  assert.match(owners(live)['one Apply'] ?? '', 'k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}')
  const more = apply(live, config([{ containerPort: 80, protocol: 'UDP' }]), 'two', false, 0, deployment)
  const { ports } = (more as { spec: { template: { spec: { containers: [{ ports: Json[] }] } } } }).spec.template.spec
    .containers[0]
  assert.is(ports.length, 2)
})

test('the first apply leaves what was there before to before-first-apply', () => {
  const untracked = stored(cm({ a: '1' }))
  const error = refusal(() => apply(untracked, cm({ a: '2' }), 'one'))
  assert.match(error.message, 'conflict with "before-first-apply" using v1: .data.a')
})

test('updaters beyond ten are joined into ancient-changes, the oldest first', () => {
  let live = update(undefined, cm({ k0: 'x' }), 'm0')
  const data: Json = { k0: 'x' }
  for (let i = 1; i <= 11; i++) {
    data[`k${i}`] = 'x'
    live = update(live, cm({ ...data }, { uid: 'u' }), `m${i}`, i)
  }
  const entries = entriesOf(live) ?? []
  assert.is(entries.length, 10)
  assert.is(entries[0]?.manager, 'ancient-changes')
  assert.is(JSON.stringify(entries[0]?.fieldsV1), '{"f:data":{".":{},"f:k0":{},"f:k1":{},"f:k2":{}}}')
})

test('a request may clear managedFields, and garbage in them is ignored', () => {
  const live = update(undefined, cm({ a: '1' }), 'one')
  assert.is(entriesOf(update(live, cm({ a: '1' }, { managedFields: [{}], uid: 'u' }), 'two')), undefined)
  const cleared = decodeText(
    typeNamed(['', 'v1', 'ConfigMap']),
    '{"metadata":{"uid":"u","managedFields":[]},"data":{"a":"1"}}',
  ).value
  assert.is(entriesOf(update(live, cleared, 'two')), undefined)
  const kept = update(live, cm({ a: '1' }, { managedFields: [{ manager: 'x', operation: 'Nonsense' }], uid: 'u' }), 'two')
  assert.equal(entriesOf(kept), entriesOf(live))
})

test('an apply that changes nothing differs from what is stored by its times only', () => {
  const live = apply(undefined, cm({ a: '1' }), 'one')
  const again = apply(live, cm({ a: '1' }), 'one', false, 30)
  assert.is(sameButTimes(again as unknown as KubeObject, live as unknown as KubeObject), true)
  assert.is(atOnce(sameButTimesSteps(again as unknown as KubeObject, live as unknown as KubeObject)), true)
})

test('what the config may not hold is refused', () => {
  assert.is(refusal(() => apply(undefined, { kind: 'Pod', apiVersion: 'v1' }, 'm')).message, 'invalid object type: /v1, Kind=Pod')
  assert.is(refusal(() => apply(undefined, cm({}, { managedFields: [{}] }), 'm')).message, 'metadata.managedFields must be nil')
  const unknown = refusal(() => apply(undefined, { ...cm({}), bogus: 1 }, 'm'))
  assert.equal(
    [unknown.code, unknown.message],
    [500, 'failed to create typed patch object (/x; /v1, Kind=ConfigMap): .bogus: field not declared in schema'],
  )
})

test('a custom resource merges by its schema: sets, maps, and what no schema knows', () => {
  const widget = customKind({
    group: 'example.com',
    version: 'v1',
    kind: 'Widget',
    hasStatus: true,
    schemas: new Map([
      [
        'v1',
        {
          type: 'object',
          properties: {
            spec: {
              type: 'object',
              properties: {
                tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
                free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              },
            },
          },
        },
      ],
    ]),
  })
  const config = (spec: Json): Json => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'x' }, spec })
  const one = apply(undefined, config({ tags: ['a'], free: { x: { y: 1 } } }), 'one', false, 0, widget)
  const two = apply(one, config({ tags: ['b'], free: { x: { z: 2 } } }), 'two', false, 0, widget)
  assert.equal((two as { spec: unknown }).spec, { tags: ['a', 'b'], free: { x: { y: 1, z: 2 } } })
  assert.is(owners(two)['one Apply'], '{"f:spec":{"f:free":{"f:x":{".":{},"f:y":{}}},"f:tags":{"v:\\"a\\"":{}}}}')
  const duplicate = refusal(() => apply(undefined, config({ tags: ['a', 'a'] }), 'm', false, 0, widget))
  assert.match(duplicate.message, '.spec.tags: duplicate entries for key [="a"]')
})

test.run()
