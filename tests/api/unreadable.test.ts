import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configmaps, secrets } from '../../src/apimachinery/resources.generated.ts'
import { StatusError } from '../../src/apimachinery/status.ts'
import type { Client } from '../../src/client/client.ts'
import { readEncryptionConfiguration } from '../../src/store/encryption/configuration.ts'
import { EncryptedStore } from '../../src/store/encryption/encrypted-store.ts'
import { createMemoryStore } from '../../src/store/memory/memory-store.ts'
import { testApi } from './test-api.ts'

const inDefault = { namespace: 'default' }
const sealedBy = (n: number) => {
  const secret = Buffer.alloc(32, n).toString('base64')
  const providers = [{ aesgcm: { keys: [{ name: 'k', secret }] } }]
  const configuration = {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [{ resources: ['secrets'], providers }],
  }
  return readEncryptionConfiguration(JSON.stringify(configuration), 'test', () => {
    throw new Error('no KMS plugin here')
  })
}
const secret = (name: string) => ({ metadata: { name }, stringData: { name } }) as never

async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    assert.instance(error, StatusError)
    return `${(error as StatusError).code} ${(error as StatusError).message}`
  }
  return 'done'
}

const unopened = 'Unsupported state or unable to authenticate data'
const unlisted = `429 storage is (re)initializing: failed to list *core.Secret: unable to transform key "/registry/core/secrets/default/theirs": ${unopened}`

/** Two API servers over one store, of which ours has another key. */
async function twoServers() {
  const inner = createMemoryStore()
  const theirs = (await testApi({ store: new EncryptedStore(inner, sealedBy(1)) })).client
  const ours = async () => (await testApi({ store: new EncryptedStore(inner, sealedBy(2)) })).client
  return { theirs, ours }
}

async function refuses(client: Client): Promise<void> {
  assert.is(await refusal(client.get(secrets, 'theirs', inDefault)), `500 Internal error occurred: ${unopened}`)
  assert.is(await refusal(client.delete(secrets, 'theirs', inDefault)), `500 Internal error occurred: ${unopened}`)
  assert.is(
    await refusal(client.apply(secrets, secret('theirs'), { ...inDefault, fieldManager: 'x' } as never)),
    `500 Internal error occurred: ${unopened}`,
  )
  assert.is(await refusal(client.create(secrets, secret('theirs'), inDefault)), '409 secrets "theirs" already exists')
  assert.is(await refusal(client.list(secrets, inDefault)), unlisted)
  // All else is as ever.
  await client.create(secrets, secret('ours'), inDefault)
  assert.is((await client.get(secrets, 'ours', inDefault)).metadata.name, 'ours')
  assert.ok((await client.list(configmaps)).items)
}

test('a value that no key opens is refused by name, and so are lists of its kind: a server starts with it, and serves all else', async () => {
  const { theirs, ours } = await twoServers()
  await theirs.create(secrets, secret('theirs'), inDefault)
  await refuses(await ours())
})

test('a value that no key opens and that comes while a server runs does not end it, and is forgotten when it goes', async () => {
  const { theirs, ours } = await twoServers()
  const client = await ours()
  await theirs.create(secrets, secret('theirs'), inDefault)
  await refuses(client)
  await theirs.delete(secrets, 'theirs', inDefault)
  assert.equal(
    (await client.list(secrets, inDefault)).items.map((s) => s.metadata.name),
    ['ours'],
  )
})

test('what can be read again is', async () => {
  const { theirs, ours } = await twoServers()
  const client = await ours()
  await client.create(secrets, secret('mine'), inDefault)
  const before = await client.get(secrets, 'mine', inDefault)
  await theirs.create(secrets, secret('theirs'), inDefault)
  await theirs.delete(secrets, 'theirs', inDefault)
  await client.create(secrets, secret('theirs'), inDefault)
  assert.is((await client.list(secrets, inDefault)).items.length, 2)
  assert.equal(await client.get(secrets, 'mine', inDefault), before)
})

test.run()
