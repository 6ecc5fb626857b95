import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { admin, testApi } from '../test-api.ts'

const { api } = await testApi()
const path = '/api/v1/namespaces/default/configmaps'
const as = (view: string) => `application/json;as=${view};v=v1;g=meta.k8s.io`

const ask = (accept: string, query: string, method = 'GET', at = path, body?: object) =>
  api.handle({
    method,
    path: at,
    query: new URLSearchParams(query),
    headers: { accept, 'content-type': 'application/json' },
    user: admin,
    signal: new AbortController().signal,
    ...(body ? { body: Buffer.from(JSON.stringify(body)) } : {}),
  })

const json = async (response: ReturnType<typeof ask>) => {
  const { body } = await response
  const bytes = 'chunks' in body ? Buffer.concat(body.chunks) : 'bytes' in body ? body.bytes : Buffer.from('{}')
  return JSON.parse(Buffer.from(bytes).toString())
}

test('a watch for lists of metadata ends where it would tell of an object: one object is no list', async () => {
  const { body, status } = await ask(as('PartialObjectMetadataList'), 'watch=1')
  assert.is(status, 200)
  if (!('stream' in body)) throw new Error('no stream')
  const told = body.stream[Symbol.asyncIterator]().next()
  await ask('application/json', '', 'POST', path, { metadata: { name: 'one' } })
  assert.equal(await told, { done: true, value: undefined })
})

test('what a Table is to include is judged when the answer is made, in lists, watches and writes', async () => {
  const message = `Unable to convert to Table as requested: includeObject: Invalid value: "object": must be 'Metadata', 'Object', 'None', or empty`
  for (const query of ['includeObject=object', 'watch=1&includeObject=object']) {
    const { code, reason, message: told } = await json(ask(as('Table'), query))
    assert.equal([code, reason, told], [400, 'BadRequest', message])
  }
  const made = await json(ask(as('Table'), 'includeObject=object', 'POST', path, { metadata: { name: 'two' } }))
  assert.is(made.message, message)
  assert.is((await json(ask('application/json', '', 'GET', `${path}/two`))).metadata.name, 'two')
})

test('the Table of a dry run has no resourceVersion, as what it shows has none', async () => {
  const table = await json(ask(as('Table'), 'dryRun=All', 'POST', path, { metadata: { name: 'dry' } }))
  assert.equal(table.metadata, {})
})

test.run()
