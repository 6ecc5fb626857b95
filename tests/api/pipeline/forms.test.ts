import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asking } from '../abuse/asking.ts'

const { ask } = await asking()
const json = { 'content-type': 'application/json' }
const at = '/api/v1/namespaces/default'
await ask(
  'POST',
  `${at}/pods`,
  JSON.stringify({ metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } }),
  json,
)
const get = (path: string, accept: string) => ask('GET', path, undefined, { accept })
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'

test('logs are text to the router, and what else an endpoint makes to everybody behind it', async () => {
  const { status, text } = await get(`${at}/pods/p/log`, 'application/*')
  assert.is(status, 406)
  assert.match(JSON.parse(text).message, 'Available representations: text/plain, application/json, application/yaml')
  const plain = JSON.parse((await get(`${at}/pods/p/log`, 'text/plain')).text)
  assert.match(plain.message, /^only the following media types are accepted: /)
  assert.is((await get(`${at}/pods/p/log`, table)).status, 406)
})

test('what a proxy answers is not negotiated', async () => {
  const { status, text } = await get(`${at}/services/none/proxy/`, 'text/html')
  assert.is(status, 404)
  assert.match(text, /^\{\n {2}"kind": "Status"/)
})

test('an error is in the format that is accepted, wherever it comes from', async () => {
  assert.match((await get('/version', 'application/yaml')).text, /^apiVersion: v1\ncode: 406\n/)
  assert.match((await get(`${at}/pods/none`, table)).text, /^\{\n {2}"kind": "Status"/)
  assert.match((await get(`${at}/pods/none`, 'application/json')).text, /^\{"kind":"Status"/)
})

test('the table of what a dry run would make has no revision', async () => {
  const body = JSON.stringify({ metadata: { name: 'a' } })
  const { text } = await ask('POST', `${at}/configmaps?dryRun=All`, body, { ...json, accept: table })
  assert.equal(JSON.parse(text).metadata, {})
})

test('a body that should be protobuf and is none is told with its beginning', async () => {
  const { status, text } = await ask('POST', `${at}/configmaps`, '{"kind":"ConfigMap","metadata":{"name":"a"}}', {
    'content-type': 'application/vnd.kubernetes.protobuf',
  })
  assert.is(status, 400)
  assert.is(
    JSON.parse(text).message,
    'the object provided is unrecognized (must be of type ConfigMap): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({"kind":"ConfigMap","metadata" ...)',
  )
})

test('what is wrong with protobuf is told in the words of Go', async () => {
  const post = async (bytes: readonly number[]) => {
    const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' }
    const { text } = await ask('POST', `${at}/configmaps`, Buffer.from([0x6b, 0x38, 0x73, 0, ...bytes]), headers)
    return JSON.parse(text).message as string
  }
  const must = 'the object provided is unrecognized (must be of type ConfigMap)'
  assert.is(await post([]), `${must}: empty body (6b387300)`)
  assert.is(await post([0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]), `${must}: unexpected EOF (6b38730012ffffffffff0f)`)
  const minusOne = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]
  assert.match(await post([0x12, ...minusOne]), `${must}: proto: negative length found during unmarshaling (`)
})

test.run()
