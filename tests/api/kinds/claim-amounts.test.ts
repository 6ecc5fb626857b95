import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sending } from '../sending.ts'

test('a claim that is not bound may be asked for the same amount in other words, and no other', async () => {
  const send = await sending()
  const claims = '/api/v1/namespaces/default/persistentvolumeclaims'
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1k' } } }
  await send('POST', claims, { metadata: { name: 'c' }, spec })
  const ask = (storage: string) => send('PATCH', `${claims}/c`, { spec: { resources: { requests: { storage } } } }, 'merge')
  assert.is((await ask('1e3')).json.spec.resources.requests.storage, '1e3')
  assert.match((await ask('2k')).message, 'spec is immutable after creation')
})

test.run()
