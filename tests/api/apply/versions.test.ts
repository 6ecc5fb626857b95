import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type AppliedKind, customKind } from '../../../src/api/apply/applied-kind.ts'
import {
  applyConfiguration,
  applyConfigurationSteps,
  managersAfter,
  trackUpdate,
  withManagers,
} from '../../../src/api/apply/field-manager.ts'
import { entriesOf, type Json } from '../../../src/api/apply/managers.ts'
import { type StatusError, unforeseen } from '../../../src/apimachinery/status.ts'
import { inTurns, promptly } from '../../../src/apimachinery/steps.ts'

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

/** As `at`, by a webhook: what it gives is there later. */
const later = (version: 'v1' | 'v2', ask: typeof convert = convert): AppliedKind => ({
  ...at(version),
  convert: (object, apiVersion) => Promise.resolve().then(() => ask(object, apiVersion) as Json),
})
const told = (asked: Json | Promise<Json>): Promise<string> =>
  Promise.resolve(asked).then(
    () => '',
    (e: StatusError) => `${e.code} ${e.status.reason} ${e.message}`,
  )

test('what a webhook converts is tracked and applied as what is converted at once', async () => {
  const live = convert(apply('v1', undefined, { replicas: 1, note: 'a' }, 'one'), 'example.com/v2') as Json
  const next = { ...live, spec: { size: 5, note: 'a' } }
  const scaled = withManagers(next, await promptly(managersAfter(later('v2'), live, next, { manager: 'scaler', now })))
  assert.equal(owners(scaled), owners(trackUpdate(at('v2'), live, next, { manager: 'scaler', now })))
  const steps = () => applyConfigurationSteps(later('v2'), live, config('v2', { size: 1 }), { manager: 'one', force: false, now })
  assert.equal(await promptly(steps()), apply('v2', live, { size: 1 }, 'one'))
  assert.equal(await inTurns(steps()), apply('v2', live, { size: 1 }, 'one'))
})

test('an update that a webhook cannot convert has no managers, an apply fails with what the webhook did', async () => {
  const live = convert(apply('v1', undefined, { replicas: 1 }, 'one'), 'example.com/v2') as Json
  let left = 0
  const broken = later('v2', (object, apiVersion) => {
    if (left-- > 0) return convert(object, apiVersion)
    throw unforeseen('no webhook')
  })
  const next = { ...live, spec: { size: 5 } }
  assert.is(await promptly(managersAfter(broken, live, next, { manager: 'scaler', now })), undefined)
  const asked = (times: number, manager: string) => {
    left = times
    return told(promptly(applyConfigurationSteps(broken, live, config('v2', { size: 2 }), { manager, force: true, now })))
  }
  assert.is(await asked(0, 'two'), '500 undefined no webhook')
  assert.is(await asked(1, 'two'), '500 undefined failed to convert old object: no webhook')
  assert.is(await asked(2, 'two'), '500 undefined failed to convert new object: no webhook')
  assert.is(
    await asked(1, 'one'),
    '500 undefined failed to prune fields: failed to convert merged object to last applied version: no webhook',
  )
})

test.run()
