import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { builtInKind } from '../../../src/api/apply/applied-kind.ts'
import { applyConfiguration, trackUpdate } from '../../../src/api/apply/field-manager.ts'
import { entriesOf, type Json } from '../../../src/api/apply/managers.ts'
import { entriesAfterScale, scaleEntries } from '../../../src/api/apply/scale.ts'
import { managerOfUserAgent } from '../../../src/api/apply/user-agent.ts'
import type { StatusError } from '../../../src/apimachinery/status.ts'

const now = new Date('2024-01-01T00:00:00Z')
const configMap = builtInKind('', 'v1', 'ConfigMap')
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

const cm = (data: Json, annotations?: Json): Json => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'x', ...(annotations ? { annotations } : {}) },
  data,
})

test('kubectl takes over, without force, what client-side apply made and nobody changed since', () => {
  const before = trackUpdate(configMap, undefined, cm({ a: '1' }, { [lastApplied]: JSON.stringify(cm({ a: '1' })) }), {
    manager: 'kubectl-client-side-apply',
    now,
  })
  const live = { ...before, metadata: { ...(before.metadata as Json), uid: 'u' } }
  const taken = applyConfiguration(configMap, live, cm({ a: '2' }), { manager: 'kubectl', force: false, now })
  assert.equal((taken as { data: unknown }).data, { a: '2' })
  const { annotations } = taken.metadata as { annotations: Record<string, string> }
  assert.is(annotations[lastApplied], '{"apiVersion":"v1","data":{"a":"2"},"kind":"ConfigMap","metadata":{"name":"x"}}\n')
  assert.throws(
    () => applyConfiguration(configMap, live, cm({ a: '2' }), { manager: 'argo', force: false, now }),
    (e: unknown) => (e as StatusError).code === 409,
  )
})

test('replicas owned through scale are owned in the resource, and taken from who had them', () => {
  const deployment = builtInKind('apps', 'v1', 'Deployment')
  const paths = new Map([['apps/v1', ['f:spec', 'f:replicas']]])
  const config = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' }, spec: { replicas: 1, minReadySeconds: 1 } }
  const owned = entriesOf(applyConfiguration(deployment, undefined, config, { manager: 'one', force: false, now }))
  assert.equal(
    scaleEntries(owned, paths)?.map((e) => [e.apiVersion, e.manager, JSON.stringify(e.fieldsV1)]),
    [['autoscaling/v1', 'one', '{"f:spec":{"f:replicas":{}}}']],
  )
  const scaler = [
    {
      manager: 'hpa',
      operation: 'Update' as const,
      apiVersion: 'autoscaling/v1',
      fieldsType: 'FieldsV1' as const,
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
      subresource: 'scale',
    },
  ]
  assert.equal(
    entriesAfterScale(owned, scaler, paths, 'apps/v1')?.map((e) => [e.apiVersion, e.manager, JSON.stringify(e.fieldsV1)]),
    [
      ['apps/v1', 'one', '{"f:spec":{"f:minReadySeconds":{}}}'],
      ['apps/v1', 'hpa', '{"f:spec":{"f:replicas":{}}}'],
    ],
  )
})

test('the manager of a request without one is the program in User-Agent', () => {
  assert.is(managerOfUserAgent('kubectl/v1.36 (linux/amd64) kubernetes/abc'), 'kubectl')
  assert.is(managerOfUserAgent('a\u0000b'), 'ab')
  assert.is(managerOfUserAgent('x'.repeat(300)).length, 128)
})

test.run()
