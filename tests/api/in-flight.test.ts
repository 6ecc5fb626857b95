import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { InFlight } from '../../src/api/pipeline/in-flight.ts'
import { requestInfo } from '../../src/api/pipeline/request-info.ts'
import { TooManyRequests } from '../../src/api/pipeline/too-many-requests.ts'
import { Watermark } from '../../src/api/pipeline/watermark.ts'
import type { ApiRequest } from '../../src/api/request.ts'

const request = (method: string, path: string): ApiRequest => ({
  method,
  path,
  query: new URLSearchParams(),
  headers: {},
  signal: new AbortController().signal,
})
const jane = { name: 'jane', groups: [] }
const enter = (inFlight: InFlight, method: string, path: string, user: { name: string; groups: string[] } = jane) => {
  const r = request(method, path)
  return inFlight.enter(r, requestInfo(method, path, r.query), user)
}

test('a request past the limit is refused with 429 until another has left', () => {
  const inFlight = new InFlight({ reading: 1, writing: 1 })
  const leave = enter(inFlight, 'POST', '/api/v1/namespaces/a/pods')
  assert.throws(
    () => enter(inFlight, 'DELETE', '/api/v1/namespaces/a/pods/x'),
    (e: Error) => e instanceof TooManyRequests,
  )
  enter(inFlight, 'GET', '/api/v1/pods')
  leave()
  enter(inFlight, 'DELETE', '/api/v1/namespaces/a/pods/x')
})

test('watches and streams do not count, and masters always get through', () => {
  const inFlight = new InFlight({ reading: 1, writing: 1 })
  const leave = enter(inFlight, 'GET', '/api/v1/pods')
  enter(inFlight, 'POST', '/api/v1/namespaces/a/pods')
  enter(inFlight, 'GET', '/api/v1/watch/pods')
  enter(inFlight, 'POST', '/api/v1/namespaces/a/pods/x/exec')
  enter(inFlight, 'GET', '/api/v1/pods', { name: 'root', groups: ['system:masters'] })()
  assert.is(inFlight.executing.reading.value, 1, 'a master past the limit is not counted')
  leave()
  assert.is(inFlight.executing.reading.value, 0)
})

test('a limit of 0 is none', () => {
  const inFlight = new InFlight({ reading: 0, writing: 1 })
  for (let i = 0; i < 3; i++) assert.not.throws(() => enter(inFlight, 'GET', '/api/v1/pods'))
})

test('a watermark tells the highest of the second that is over and of the one that runs', () => {
  let now = 1000
  const mark = new Watermark(() => now)
  mark.add(3)
  mark.add(-2)
  assert.is(mark.highest, 3)
  now = 2500
  assert.is(mark.highest, 3)
  now = 3500
  assert.is(mark.highest, 1)
  now = 9000
  assert.is(mark.highest, 1)
})

test.run()
