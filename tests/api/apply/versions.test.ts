import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type AppliedKind, customKind } from '../../../src/api/apply/applied-kind.ts'
import { applyConfiguration, trackUpdate } from '../../../src/api/apply/field-manager.ts'
import { entriesOf, type Json } from '../../../src/api/apply/managers.ts'
import type { StatusError } from '../../../src/apimachinery/status.ts'

/** v1 has `spec.replicas`, v2 calls it `spec.size`. */
const field = { v1: 'replicas', v2: 'size' } as const
const schemaOf = (name: string) => ({
  type: 'object',
  properties: { spec: { type: 'object', properties: { [name]: { type: 'integer' }, note: { type: 'string' } } } },
})

function convert(object: Json, apiVersion: string): Json | undefined {
  const to = apiVersion.split('/')[1]
  if (to !== 'v1' && to !== 'v2') return undefined
  const from = to === 'v1' ? 'v2' : 'v1'
  const { [field[from]]: count, ...rest } = (object.spec ?? {}) as Json
  return { ...object, apiVersion, spec: count === undefined ? rest : { ...rest, [field[to]]: count } }
}

const at = (version: 'v1' | 'v2', served = ['v1', 'v2']): AppliedKind =>
  customKind({
    group: 'example.com',
    version,
    kind: 'W',
    hasStatus: false,
    schemas: new Map(served.map((v) => [v, schemaOf(field[v as 'v1'])])),
    convert,
  })
const now = new Date('2024-01-01T00:00:00Z')
const config = (version: string, spec: Json): Json => ({
  apiVersion: `example.com/${version}`,
  kind: 'W',
  metadata: { name: 'x' },
  spec,
})
const apply = (version: 'v1' | 'v2', live: Json | undefined, spec: Json, manager: string, force = false): Json =>
  applyConfiguration(at(version), live, config(version, spec), { manager, force, now })
const owners = (object: Json) =>
  (entriesOf(object) ?? []).map((e) => `${e.manager} ${e.apiVersion} ${JSON.stringify(e.fieldsV1)}`)

test('a manager keeps its fields in the version it applied with, and loses what another version changes', () => {
  const one = apply('v1', undefined, { replicas: 1 }, 'one')
  const live = convert(one, 'example.com/v2') as Json
  const two = apply('v2', live, { note: 'a' }, 'two')
  assert.equal(two.spec, { size: 1, note: 'a' })
  assert.equal(owners(two), ['one example.com/v1 {"f:spec":{"f:replicas":{}}}', 'two example.com/v2 {"f:spec":{"f:note":{}}}'])
  const scaled = trackUpdate(at('v2'), two, { ...two, spec: { size: 5, note: 'a' } }, { manager: 'scaler', now })
  assert.equal(owners(scaled), ['two example.com/v2 {"f:spec":{"f:note":{}}}', 'scaler example.com/v2 {"f:spec":{"f:size":{}}}'])
})

test('a conflict names the field as its owner knows it', () => {
  const live = convert(apply('v1', undefined, { replicas: 1 }, 'one'), 'example.com/v2') as Json
  assert.throws(
    () => apply('v2', live, { size: 3 }, 'two'),
    (e: unknown) => (e as StatusError).message === 'Apply failed with 1 conflict: conflict with "one": .spec.replicas',
  )
  assert.equal(owners(apply('v2', live, { size: 3 }, 'two', true)), ['two example.com/v2 {"f:spec":{"f:size":{}}}'])
})

test('what was applied with one version goes when it is left out in another', () => {
  const live = convert(apply('v1', undefined, { replicas: 1, note: 'a' }, 'one'), 'example.com/v2') as Json
  const less = apply('v2', live, { note: 'a' }, 'one')
  assert.equal(less.spec, { note: 'a' })
  assert.equal(owners(less), ['one example.com/v2 {"f:spec":{"f:note":{}}}'])
})

test('managers of a version that is served no longer are forgotten', () => {
  const live = convert(apply('v1', undefined, { replicas: 1 }, 'one'), 'example.com/v2') as Json
  const next = { ...live, spec: { size: 1, note: 'b' } }
  const after = trackUpdate(at('v2', ['v2']), { ...live, metadata: { ...(live.metadata as Json), uid: 'u' } }, next, {
    manager: 'm',
    now,
  })
  assert.equal(owners(after), ['m example.com/v2 {"f:spec":{"f:note":{}}}'])
})

test.run()
