import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { askedTime, Deadline, within } from '../../../src/api/pipeline/deadline.ts'
import type { ApiResponse } from '../../../src/api/request.ts'
import { createMemoryStore } from '../../../src/store/memory/memory-store.ts'
import { admin, testApi } from '../test-api.ts'

const asked = (text: string) => askedTime(new URLSearchParams(`timeout=${text}`))

test('a request may ask for less than a minute; 0 and more than that are as if it had not asked', () => {
  assert.equal(
    [asked('1.5s'), asked('20ms'), asked('0s'), asked('0'), asked('1m'), asked('90s')],
    [1500, 20, ...Array(4).fill(undefined)],
  )
  assert.is(askedTime(new URLSearchParams()), undefined)
})

test("what is no duration is refused in Go's words", () => {
  assert.throws(() => asked('abc'), /^invalid timeout specified in the request URL - time: invalid duration "abc"$/)
  assert.throws(() => asked('5'), /time: missing unit in duration "5"/)
})

const textOf = ({ body }: ApiResponse): string => ('bytes' in body ? Buffer.from(body.bytes).toString() : '')

test('what takes longer than asked is answered with a 504 that no format was chosen for', async () => {
  const late = await within(new Deadline(1), new Promise(() => {}))
  assert.equal([late.status, late.headers['content-type']], [504, 'text/plain; charset=utf-8'])
  assert.is(
    textOf(late),
    '{"metadata":{},"status":"Failure","message":"Timeout: request did not complete within the allotted timeout","reason":"Timeout","details":{},"code":504}\n',
  )
  const answer: ApiResponse = { status: 200, headers: {}, body: { bytes: Buffer.from('x') } }
  assert.is(await within(new Deadline(10_000), Promise.resolve(answer)), answer)
})

test('a write whose time is over while it is prepared is not written', async () => {
  const store = createMemoryStore()
  const { promise: prepared, resolve: goOn } = Promise.withResolvers<void>()
  const { api } = await testApi({ store, hooks: () => new Map([['/configmaps', { prepare: () => prepared }]]) })
  const before = store.revision
  const response = await api.handle({
    method: 'POST',
    path: '/api/v1/namespaces/default/configmaps',
    query: new URLSearchParams('timeout=20ms'),
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{"metadata":{"name":"late"}}'),
    user: admin,
    signal: new AbortController().signal,
  })
  assert.is(response.status, 504)
  assert.match(textOf(response), 'within the allotted timeout')
  goOn()
  await new Promise(setImmediate)
  assert.is(store.revision, before)
  api.close()
})

test.run()
