import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { WatchCount } from '../../../src/api/flow-control/watch-count.ts'
import { estimate } from '../../../src/api/flow-control/work-estimate.ts'
import { requestInfo } from '../../../src/api/pipeline/request-info.ts'

const stats = () => ({ objects: 1000, bytes: 1_500_000 })
const work = (method: string, url: string, watches = 0, most = 0) => {
  const [path = '', query = ''] = url.split('?')
  const params = new URLSearchParams(query)
  return estimate(requestInfo(method, path, params), params, { stats, watches }, most)
}

test('a list takes a seat for each 100 kB that it holds at once, ten when it is streamed from the caches', () => {
  assert.is(work('GET', '/api/v1/pods').initialSeats, 10)
  assert.is(work('GET', '/api/v1/pods?limit=100').initialSeats, 2)
  assert.is(work('GET', '/api/v1/pods?fieldSelector=metadata.name%3Da').initialSeats, 1)
  assert.is(work('GET', '/api/v1/pods?continue=x').initialSeats, 15)
  assert.is(work('GET', '/api/v1/pods?continue=x&limit=100&labelSelector=a').initialSeats, 8)
  assert.is(work('GET', '/api/v1/pods', 0, 4).initialSeats, 4)
})

test('a watch takes the seats of a list only when it begins with what there is', () => {
  assert.is(work('GET', '/api/v1/pods?watch=1').initialSeats, 10)
  assert.is(work('GET', '/api/v1/pods?watch=1&resourceVersion=5').initialSeats, 1)
  assert.is(work('GET', '/api/v1/pods?watch=1&resourceVersion=5&sendInitialEvents=true').initialSeats, 10)
})

test('a write keeps seats for the watchers that have to be told', () => {
  assert.equal(work('POST', '/api/v1/namespaces/a/pods', 9), { initialSeats: 1, finalSeats: 0, additionalMs: 0 })
  assert.equal(work('POST', '/api/v1/namespaces/a/pods', 35), { initialSeats: 1, finalSeats: 4, additionalMs: 5 })
  assert.equal(work('POST', '/api/v1/namespaces/a/pods', 400), { initialSeats: 1, finalSeats: 10, additionalMs: 20 })
  assert.is(work('POST', '/api/v1/namespaces/a/serviceaccounts/x/token', 400).finalSeats, 0)
})

test('a write concerns the watches of all objects, of its namespace and of its object, and not those of one node', () => {
  const count = new WatchCount()
  const open = (url: string) => {
    const [path = '', query = ''] = url.split('?')
    const params = new URLSearchParams(query)
    return count.open(requestInfo('GET', path, params), params)
  }
  const close = open('/api/v1/pods?watch=1')
  open('/api/v1/namespaces/a/pods?watch=1')
  open('/api/v1/namespaces/a/pods?watch=1&fieldSelector=metadata.name%3Dx')
  open('/api/v1/namespaces/b/pods?watch=1')
  open('/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3Dn1')
  const put = requestInfo('PUT', '/api/v1/namespaces/a/pods/x', new URLSearchParams())
  assert.is(count.interestedIn(put), 3)
  close()
  close()
  assert.is(count.interestedIn(put), 2)
})

test.run()
