import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { admin, testApi } from '../test-api.ts'

const { api } = await testApi()

/** The first event of a watch of what is not there, as a Table. */
async function bookmark(path: string, more = '') {
  const gone = new AbortController()
  const response = await api.handle({
    method: 'GET',
    path,
    query: new URLSearchParams(`watch=1&allowWatchBookmarks=true${more}`),
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    user: admin,
    signal: gone.signal,
  })
  if (!('stream' in response.body)) throw new Error('no stream')
  for await (const bytes of response.body.stream) {
    gone.abort()
    const [line = ''] = Buffer.from(bytes).toString().split('\n')
    return JSON.parse(line)
  }
}

test('the bookmark that ends the initial events of a Table watch is a row of nothing, with the columns if it is the first', async () => {
  const { type, object } = await bookmark('/api/v1/namespaces/nobody/configmaps')
  assert.is(type, 'BOOKMARK')
  assert.is(object.columnDefinitions.length, 3)
  const [{ cells, object: shown }] = object.rows
  assert.equal(cells, ['', 0, '<unknown>'])
  assert.equal(shown.metadata.annotations, { 'k8s.io/initial-events-end': 'true' })
  assert.is(shown.metadata.resourceVersion, object.metadata.resourceVersion)
})

test('the bookmark that ends the initial events is shown when no objects are asked for', async () => {
  const { object } = await bookmark('/api/v1/namespaces/nobody/configmaps', '&includeObject=None')
  assert.equal(object.rows[0].object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' })
})

test('the creation of a bookmark in a table without columns of its own is the beginning of time', async () => {
  const { object } = await bookmark('/apis/rbac.authorization.k8s.io/v1/namespaces/nobody/roles')
  assert.equal(object.rows[0].cells, ['', '0001-01-01T00:00:00Z'])
})

test.run()
