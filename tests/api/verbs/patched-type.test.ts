import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sending } from '../sending.ts'

const nameless = 'the name of the object (x based on URL) was undeterminable: name must be provided'

test('a patch may leave out the kind but not the version, and what a strategic merge patch says of them is for nothing', async () => {
  const send = await sending()
  const place = '/api/v1/namespaces/default/configmaps'
  const patched = async (type: 'merge' | 'strategic' | 'jsonPatch', body: object) => {
    const { json, message } = await send('PATCH', `${place}/x`, body, type)
    return message || `${json.apiVersion} ${json.kind}`
  }
  await send('POST', place, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } })
  const own = 'v1 ConfigMap'
  for (const patch of [{ kind: null }, { kind: '' }, { apiVersion: '/v1' }]) assert.is(await patched('merge', patch), own)
  for (const patch of [{ apiVersion: null }, { apiVersion: '' }]) assert.is(await patched('merge', patch), nameless)
  assert.match(await patched('merge', { kind: 'Pod' }), 'unknown conversion')
  for (const patch of [{ kind: 'Pod' }, { apiVersion: 'v2' }, { apiVersion: null }, { kind: null }]) {
    assert.is(await patched('strategic', patch), own)
  }
  for (const value of [{}, { apiVersion: 'v1' }]) {
    assert.is(await patched('jsonPatch', [{ op: 'replace', path: '', value }]), nameless)
  }
  assert.is((await send('POST', place, { apiVersion: '/v1', kind: 'ConfigMap', metadata: { name: 'y' } })).status, 201)
})

test('what a patch makes another kind of is read as that kind before it is refused', async () => {
  const send = await sending()
  const place = '/api/v1/namespaces/default/configmaps'
  await send('POST', place, { metadata: { name: 'x' }, data: { a: 'b' } })
  const patched = async (body: object) => (await send('PATCH', `${place}/x`, body, 'merge')).message
  assert.match(await patched({ kind: 'Secret' }), /: illegal base64 data at input byte 0$/)
  const unread = /: json: cannot unmarshal number into Go struct field Pod.spec of type v1.PodSpec$/
  assert.match(await patched({ kind: 'Pod', spec: 5 }), unread)
  const unconverted = /: converting \(v1.Secret\) to \(core.ConfigMap\): unknown conversion$/
  assert.match(await patched({ kind: 'Secret', data: { a: 'YQ==' } }), unconverted)
})

test.run()
