import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asking } from '../abuse/asking.ts'

const { ask } = await asking()
const aggregated = (version: string, type = 'json') =>
  `application/${type};g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
const get = async (path: string, accept: string) => {
  const { status, text } = await ask('GET', path, undefined, { accept })
  return { status, text, told: status === 406 ? (JSON.parse(text) as { message: string; details?: object }) : undefined }
}

test('what no form fits is refused: by the router below a version, by the document above it', async () => {
  for (const path of ['/api', '/api/v1', '/apis/apps/v1']) {
    const { status, told } = await get(path, 'text/plain')
    assert.is(status, 406, path)
    assert.match(told?.message ?? '', '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml')
    assert.equal(told?.details, {})
  }
  for (const path of ['/apis', '/apis/apps']) {
    const { status, told } = await get(path, 'text/plain')
    assert.is(status, 406, path)
    assert.match(told?.message ?? '', /^only the following media types are accepted: /)
    assert.is(told?.details, undefined)
  }
  assert.is((await get('/apis/apps/v1', 'application/json;as=Table;v=v1;g=meta.k8s.io')).status, 406)
  assert.is(
    (await get('/version', 'text/plain')).told?.message,
    '406: Not Acceptable\n\nAvailable representations: application/json',
  )
})

test('a version that the core group has not is told as that of any other group', async () => {
  for (const path of ['/api/v9', '/apis/apps/v9']) {
    const { status, text } = await get(path, 'application/json')
    assert.is(status, 404, path)
    assert.is(JSON.parse(text).message, 'the server could not find the requested resource')
  }
})

test('discovery has YAML and protobuf too', async () => {
  assert.match((await get('/apis/apps', 'application/yaml')).text, /^apiVersion: v1\nkind: APIGroup\nname: apps\n/)
  for (const path of ['/api', '/apis', '/apis/apps', '/apis/apps/v1']) {
    assert.match((await get(path, 'application/vnd.kubernetes.protobuf')).text, /^k8s\0/, path)
  }
  assert.match((await get('/apis', aggregated('v2', 'vnd.kubernetes.protobuf'))).text, /^k8s\0[\s\S]*apidiscovery.k8s.io\/v2/)
  assert.match(
    (await get('/apis', aggregated('v2', 'yaml'))).text,
    /^apiVersion: apidiscovery.k8s.io\/v2\nitems:\n- metadata:\n {4}name: apiregistration.k8s.io\n/,
  )
})

test('the aggregated document is of v2; where that is not what is asked for, the plain one is another way', async () => {
  const { items } = JSON.parse((await get('/api', aggregated('v2'))).text)
  assert.equal(items[0].metadata, {})
  assert.is((await get('/apis', aggregated('v2beta1'))).status, 406)
  assert.is(JSON.parse((await get('/apis', `${aggregated('v2beta1')},application/json`)).text).kind, 'APIGroupList')
})

test.run()
