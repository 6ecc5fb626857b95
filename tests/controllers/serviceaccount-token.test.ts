import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Secret } from '../../src/apimachinery/kinds.generated.ts'
import { secrets, serviceaccounts } from '../../src/apimachinery/resources.generated.ts'
import { startControllers } from '../../src/controllers/index.ts'
import { decide } from '../../src/controllers/serviceaccount-token.ts'
import { startTestServer } from '../../src/testkit/test-server.ts'

const annotations = { 'kubernetes.io/service-account.name': 'bot' }
const secret = (name: string, more: Partial<Secret> = {}): Secret => ({
  metadata: { name, namespace: 'default', annotations },
  type: 'kubernetes.io/service-account-token',
  ...more,
})
const base64 = (text: string) => Buffer.from(text).toString('base64')
const inDefault = { namespace: 'default' }

test('a token without its account, or of another one of its name, is deleted; one that lacks something is filled', () => {
  const account = { metadata: { name: 'bot', uid: 'u1' } }
  const full = { token: base64('t'), namespace: base64('default'), 'ca.crt': base64('CA') }
  assert.is(decide(secret('s'), undefined, 'CA'), 'delete')
  const other = { annotations: { ...annotations, 'kubernetes.io/service-account.uid': 'u0' } }
  assert.is(decide(secret('s', { metadata: other, data: full }), account, 'CA'), 'delete')
  assert.is(decide(secret('s'), account, 'CA'), 'fill')
  assert.is(decide(secret('s', { data: full }), account, 'CA'), 'leave')
  assert.is(decide(secret('s', { data: full }), account, 'new CA'), 'fill')
})

test('a Secret gets the token of its account, keeps what it has, and goes with the account', async () => {
  const server = await startTestServer()
  const { client } = server
  const stop = new AbortController()
  const running = startControllers({
    client,
    caBundle: 'CA',
    issueToken: async (account, { metadata }) => `token of ${account.metadata.name} for ${metadata.name}`,
    only: (name) => name === 'serviceaccount-token-controller',
    signal: stop.signal,
  })
  await client.create(serviceaccounts, { metadata: { name: 'bot' } }, inDefault)
  await client.create(secrets, secret('s', { data: { more: base64('x') } }), inDefault)
  await client.create(secrets, secret('opaque', { type: 'Opaque' }), inDefault)
  const found = await server.eventually(async () => {
    const s = await client.get(secrets, 's', inDefault)
    return s.data?.token ? s : undefined
  })
  const { uid } = await client.get(serviceaccounts, 'bot', inDefault).then((a) => a.metadata)
  assert.is(found.metadata.annotations?.['kubernetes.io/service-account.uid'], uid)
  const wanted = { 'ca.crt': 'CA', more: 'x', namespace: 'default', token: 'token of bot for s' }
  assert.equal(found.data, Object.fromEntries(Object.entries(wanted).map(([k, v]) => [k, base64(v)])))
  await client.delete(serviceaccounts, 'bot', inDefault)
  await server.eventually(async () => {
    const { items } = await client.list(secrets, inDefault)
    return items.length === 1 && items[0]?.metadata.name === 'opaque'
  })
  stop.abort()
  await running.stopped
  await server.stop()
})

test.run()
