import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pods, secrets, validatingwebhookconfigurations } from '../../src/apimachinery/resources.generated.ts'
import { milliseconds } from '../../src/operators/duration.ts'
import { bundleOf, current, type Material } from '../../src/operators/webhooks/certificates.ts'
import { convertReview } from '../../src/operators/webhooks/convert.ts'
import { jsonPatch } from '../../src/operators/webhooks/json-patch.ts'
import { conversionOf } from '../../src/operators/webhooks/served-webhooks.ts'
import { webhook } from '../../src/operators/webhooks/webhook.ts'
import { startTestServer } from '../../src/testkit/start.ts'
import { Database, database, databaseCrd, databaseOperator } from './database.ts'

const idle = { owns: [], reconcile: () => undefined }
const withRules = () =>
  databaseOperator({
    ...idle,
    validate: (db, { warn, operation }) => {
      if (operation === 'CREATE') warn('databases cost money')
      return db.spec.replicas % 2 ? [] : [{ field: 'spec.replicas', message: 'must be odd', value: db.spec.replicas }]
    },
    mutate(db) {
      db.spec.backup ??= '0 3 * * *'
      return undefined
    },
    webhooks: [
      webhook('Pod', {
        operations: ['CREATE'],
        labelSelector: { guarded: 'yes' },
        failurePolicy: 'Fail',
        validate: (pod) => (pod.spec?.hostNetwork ? [{ field: 'spec.hostNetwork', message: 'is not allowed here' }] : []),
      }),
    ],
  })

for (const way of ['in process', 'over HTTPS'] as const)
  test(`${way}: validate refuses with the field, mutate fills in, and other kinds can be guarded`, async () => {
    const server = await startTestServer({ crds: [databaseCrd], controllers: ['serviceaccount-controller'] })
    const address = { url: 'https://127.0.0.1' }
    const running = server.run(withRules(), way === 'in process' ? {} : { webhooks: { port: 0, host: '127.0.0.1', address } })
    await running.started
    const made = await server.create(Database, database('a'))
    assert.is(made.spec.backup, '0 3 * * *')
    const refused = await server.create(Database, database('b', { replicas: 2 })).catch((e) => e)
    assert.is(refused.code, 422)
    assert.match(
      refused.message,
      /admission webhook "validate-0\.databases\.example\.dev\.database\.operators\.slipway\.dev" denied/,
    )
    assert.match(refused.message, /spec\.replicas: Invalid value: 2: must be odd/)
    await server.eventually(() => server.get('ServiceAccount', 'default'))
    const pod = (labels: Record<string, string>) => ({
      metadata: { generateName: 'p-', namespace: 'default', labels },
      spec: { hostNetwork: true, containers: [{ name: 'c', image: 'x' }] },
    })
    assert.match(
      (await server.create(pods, pod({ guarded: 'yes' })).catch((e) => e)).message,
      /spec\.hostNetwork: is not allowed/,
    )
    await server.create(pods, pod({}))
    if (way === 'over HTTPS')
      assert.match(
        running.metricsText(),
        /controller_runtime_webhook_requests_total\{code="200",webhook="\/database\/validate\/0/,
      )
    await server.stop()
  })

test('a registration that somebody takes away is put back', async () => {
  const server = await startTestServer({ crds: [databaseCrd], controllers: [] })
  await server.run(withRules()).started
  const name = 'database.operators.slipway.dev'
  const { metadata } = await server.client.get(validatingwebhookconfigurations, name)
  await server.client.delete(validatingwebhookconfigurations, name)
  const again = await server.eventually(() => server.get(validatingwebhookconfigurations, name))
  assert.is.not(again.metadata.uid, metadata.uid)
  await server.stop()
})

const day = milliseconds('1d')

test('a leaf is renewed at two thirds of its 90 days; an authority is told for a day before it signs', async () => {
  const names = ['x.default.svc']
  let now = Date.UTC(2026, 0, 1)
  let material: Material = await current(undefined, names, now)
  const first = material
  assert.is(await current(material, names, now + 59 * day), material)
  now += 61 * day
  material = await current(material, names, now)
  assert.is.not(material.leaf.cert, first.leaf.cert)
  assert.is(material.ca.cert, first.ca.cert)
  now += 185 * day
  material = await current(material, names, now)
  assert.ok(material.next)
  assert.is(material.ca.cert, first.ca.cert)
  assert.is(bundleOf(material).match(/BEGIN/g)?.length, 2)
  now += 2 * day
  material = await current(material, names, now)
  assert.is(material.previous, first.ca.cert)
  assert.is(bundleOf(material).match(/BEGIN/g)?.length, 2)
  now += 2 * day
  material = await current(material, names, now)
  assert.is(material.previous, undefined)
  assert.is(bundleOf(material).match(/BEGIN/g)?.length, 1)
})

test('all replicas use the certificate of the same Secret', async () => {
  const server = await startTestServer({ crds: [databaseCrd], controllers: [] })
  const https = { webhooks: { port: 0, host: '127.0.0.1', address: { url: 'https://localhost' } } }
  await Promise.all([1, 2].map(() => server.run(withRules(), https).started))
  const { items } = await server.client.list(secrets, { namespace: 'default' })
  assert.equal(
    items.map((s) => s.metadata.name),
    ['database-webhooks-tls'],
  )
  await server.stop()
})

test('conversion goes by the version of the operator, and keeps metadata', () => {
  const operator = databaseOperator({
    ...idle,
    convert: {
      v1alpha1: {
        up: (old) => ({ spec: { replicas: Number((old.spec as { size: string }).size) } }),
        down: (db) => ({ spec: { size: String(db.spec.replicas) } }),
      },
    },
  })
  const conversion = conversionOf(operator)
  assert.ok(conversion)
  const metadata = { name: 'a', namespace: 'default', uid: 'u', labels: { x: 'y' } }
  const old = { apiVersion: 'example.dev/v1alpha1', kind: 'Database', metadata, spec: { size: '3' } }
  const review = (desiredAPIVersion: string, object: object) =>
    convertReview(conversion, { uid: '1', desiredAPIVersion, objects: [object as never] }) as never as {
      response: { convertedObjects: object[]; result: { status: string; message?: string } }
    }
  const up = review('example.dev/v1', old)
  assert.equal(up.response.convertedObjects[0], {
    apiVersion: 'example.dev/v1',
    kind: 'Database',
    metadata,
    spec: { replicas: 3 },
  })
  assert.equal(review('example.dev/v1alpha1', up.response.convertedObjects[0] ?? {}).response.convertedObjects[0], old)
  const unknown = review('example.dev/v9', old).response.result
  assert.is(unknown.status, 'Failure')
  assert.match(unknown.message ?? '', /no conversion between example\.dev\/v9 and example\.dev\/v1/)
})

test('a JSON patch makes the one of the other', () => {
  assert.equal(jsonPatch({ a: 1, b: { 'x/y': 1 }, c: [1, 2] }, { b: { 'x/y': 2, n: null }, c: [1, 3], d: undefined }), [
    { op: 'remove', path: '/a' },
    { op: 'replace', path: '/b/x~1y', value: 2 },
    { op: 'add', path: '/b/n', value: null },
    { op: 'replace', path: '/c/1', value: 3 },
  ])
})

test.run()
