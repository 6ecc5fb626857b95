import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { requestInfo } from '../../src/api/pipeline/request-info.ts'

const info = (method: string, url: string) => {
  const [path = '', query = ''] = url.split('?')
  return requestInfo(method, path, new URLSearchParams(query))
}

test('a path names group, version, namespace, resource, name and subresource', () => {
  const found = info('PUT', '/apis/apps/v1/namespaces/shop/deployments/web/scale')
  assert.equal(
    [found.verb, found.group, found.version, found.namespace, found.resource, found.name, found.subresource],
    ['update', 'apps', 'v1', 'shop', 'deployments', 'web', 'scale'],
  )
})

test('GET is get with a name, list without, watch when asked', () => {
  assert.is(info('GET', '/api/v1/namespaces/a/pods/x').verb, 'get')
  assert.is(info('GET', '/api/v1/namespaces/a/pods').verb, 'list')
  assert.is(info('GET', '/api/v1/pods?watch=1').verb, 'watch')
  assert.is(info('GET', '/api/v1/pods?watch=false').verb, 'list')
  assert.is(info('GET', '/api/v1/watch/pods').verb, 'watch')
})

test('a namespace is a resource, and the place of others', () => {
  const own = info('GET', '/api/v1/namespaces/shop')
  assert.equal([own.resource, own.name, own.namespace], ['namespaces', 'shop', 'shop'])
  assert.is(info('PUT', '/api/v1/namespaces/shop/finalize').subresource, 'finalize')
  assert.is(info('GET', '/api/v1/namespaces//pods').namespace, '')
})

test('DELETE without a name is of the collection', () => {
  assert.is(info('DELETE', '/api/v1/namespaces/a/pods').verb, 'deletecollection')
  // Only lists and watches of one name are requests for that name.
  assert.is(info('DELETE', '/api/v1/namespaces/a/pods?fieldSelector=metadata.name%3Dx').name, '')
})

test('other paths are no resources', () => {
  for (const path of ['/healthz', '/api', '/apis/apps', '/apis/apps/v1', '/openapi/v2']) assert.not(info('GET', path).isResource)
})

test('slashes at the end, doubled ones and escapes make no other resource', () => {
  for (const path of [
    '/api/v1/namespaces/a/pods/x/',
    '/api/v1/namespaces/a//pods/x',
    '/api/v1/namespaces/%61/pods/x',
    '/api/v1//namespaces/a/pods/x//',
  ]) {
    const { resource, namespace, name } = info('GET', path)
    assert.equal([resource, namespace, name], ['pods', 'a', 'x'], path)
  }
})

test.run()
