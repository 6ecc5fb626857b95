import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { InFlight } from '../../src/api/pipeline/in-flight.ts'
import { requestInfo } from '../../src/api/pipeline/request-info.ts'
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
    (e: { code: number }) => e.code === 429,
  )
  enter(inFlight, 'GET', '/api/v1/pods')
  leave()
  enter(inFlight, 'DELETE', '/api/v1/namespaces/a/pods/x')
})

test('watches and streams do not count, and masters always get through', () => {
  const inFlight = new InFlight({ reading: 0, writing: 0 })
  enter(inFlight, 'GET', '/api/v1/watch/pods')
  enter(inFlight, 'POST', '/api/v1/namespaces/a/pods/x/exec')
  enter(inFlight, 'GET', '/api/v1/pods', { name: 'root', groups: ['system:masters'] })
})

test.run()
