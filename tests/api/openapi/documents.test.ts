import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../../eventually.ts'
import { asking } from '../abuse/asking.ts'
import { admin } from '../test-api.ts'
import { digestOf } from './protobuf-form.ts'

const read = (name: string) => JSON.parse(readFileSync(`tests/data/openapi/${name}`, 'utf8'))

test("every document is kube-apiserver's, descriptions included", async () => {
  const { ask } = await asking()
  const recorded = read('digests.json') as { v2: string; v3: Record<string, string> }
  const index = JSON.parse((await ask('GET', '/openapi/v3')).text) as { paths: Record<string, unknown> }
  assert.equal(Object.keys(index.paths).sort(), Object.keys(recorded.v3).sort())
  assert.is(digest(JSON.parse((await ask('GET', '/openapi/v2')).text)), recorded.v2, 'v2')
  for (const [name, wanted] of Object.entries(recorded.v3)) {
    assert.is(digest(JSON.parse((await ask('GET', `/openapi/v3/${name}`)).text)), wanted, name)
  }
})

test("the documents of a custom resource are kube-apiserver's", async () => {
  const { ask } = await asking()
  const { definition, v2, v3 } = read('custom.json')
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  const made = await ask('POST', path, JSON.stringify(definition), { 'content-type': 'application/json' })
  assert.is(made.status, 201, made.text)
  // Served when the definition is established.
  await eventually(async () => (await ask('GET', '/apis/oa.example.com/v1')).status !== 404)
  assert.equal(JSON.parse((await ask('GET', '/openapi/v3/apis/oa.example.com/v1')).text), v3)
  const { paths } = JSON.parse((await ask('GET', '/openapi/v2')).text) as { paths: Record<string, unknown> }
  const own = Object.fromEntries(Object.entries(paths).filter(([at]) => at.includes('/oa.example.com/v1/')))
  assert.equal(own, v2)
})

test('a document has the type that is asked for, under the hash that it has now', async () => {
  const { api } = await asking()
  const ask = (path: string, headers: Record<string, string> = {}, query = '') =>
    api.handle({
      method: 'GET',
      path,
      query: new URLSearchParams(query),
      headers,
      user: admin,
      signal: new AbortController().signal,
    })
  for (const path of ['/openapi/v2', '/openapi/v3/version']) {
    assert.is((await ask(path, { accept: 'text/html' })).status, 406, path)
    assert.is((await ask(path, { accept: 'text/html,*/*;q=0.1' })).headers['content-type'], 'application/json', path)
  }
  assert.is((await ask('/openapi/v3', { accept: 'text/html' })).status, 200)
  assert.is((await ask('/openapi/v2', { accept: 'application/' })).status, 406)
  const { status, body, headers: sent } = await ask('/openapi/v3/version', { accept: 'application/' })
  assert.equal(
    [status, body, sent['content-type']],
    [200, { bytes: new Uint8Array() }, undefined],
    'no clause of the header is understood',
  )
  const { headers } = await ask('/openapi/v3/version')
  const hash = headers.etag?.replaceAll('"', '') ?? ''
  const lasting = await ask('/openapi/v3/version', {}, `hash=${hash}`)
  assert.is(lasting.headers['cache-control'], 'public, immutable')
  const moved = await ask('/openapi/v3/version', {}, 'hash=0')
  assert.is(moved.status, 301)
  assert.is(moved.headers.location, `/openapi/v3/version?hash=${hash}`)
  assert.is((await ask('/openapi/v2')).headers.etag, (await ask('/openapi/v2', { accept: gnostic })).headers.etag)
})

const gnostic = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'

test("every document in protobuf says what kube-apiserver's says", async () => {
  const { api } = await asking()
  const recorded = read('digests.json') as { protobuf: { v2: string; v3: Record<string, string> } }
  const bytesOf = async (path: string, accept: string): Promise<Uint8Array> => {
    const signal = new AbortController().signal
    const answer = await api.handle({
      method: 'GET',
      path,
      query: new URLSearchParams(),
      headers: { accept },
      user: admin,
      signal,
    })
    assert.is(answer.headers['content-type'], accept.replace('@', '.'))
    if (!('bytes' in answer.body)) throw new Error('no bytes')
    return answer.body.bytes
  }
  assert.is(digestOf(await bytesOf('/openapi/v2', gnostic), 'v2'), recorded.protobuf.v2, 'v2')
  for (const [name, wanted] of Object.entries(recorded.protobuf.v3)) {
    assert.is(digestOf(await bytesOf(`/openapi/v3/${name}`, gnosticV3), 'v3'), wanted, name)
  }
})

const gnosticV3 = 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf'

/** SHA-256 of the JSON of a value whose members are sorted. */
const digest = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]))
}

test.run()
