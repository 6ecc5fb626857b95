import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asking } from '../abuse/asking.ts'

const { ask } = await asking()
const json = { 'content-type': 'application/json' }
const merge = { 'content-type': 'application/merge-patch+json' }
const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }

/** Path, what the object has besides its name, and the causes that kube-apiserver 1.36.3 tells of each patch below. */
const kinds: readonly (readonly [path: string, more: object, causes: readonly number[]])[] = [
  ['/api/v1/namespaces/default/configmaps', {}, [4, 2, 2, 2, 2, 1]],
  [
    '/apis/apps/v1/namespaces/default/deployments',
    { spec: { selector: { matchLabels: { a: 'b' } }, template } },
    [3, 1, 1, 2, 1, 0],
  ],
  ['/apis/coordination.k8s.io/v1/namespaces/default/leases', { spec: {} }, [3, 0, 1, 2, 1, 0]],
  ['/api/v1/namespaces/default/limitranges', {}, [3, 1, 2, 1, 2, 1]],
  ['/apis/policy/v1/namespaces/default/poddisruptionbudgets', { spec: { minAvailable: 1 } }, [2, 0, 1, 1, 1, 0]],
  [
    '/api/v1/persistentvolumes',
    { spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/x' } } },
    [4, 2, 3, 1, 3, 2],
  ],
  ['/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {}, [3, 0, 2, 1, 2, 1]],
  [
    '/apis/resource.k8s.io/v1/resourceslices',
    { spec: { driver: 'd.example.com', nodeName: 'n', pool: { name: 'p', generation: 1, resourceSliceCount: 1 } } },
    [3, 1, 1, 2, 1, 0],
  ],
]
const patches = [
  { labels: { x: '-' } },
  { finalizers: ['bad'] },
  { finalizers: ['b ad/x'] },
  { uid: 'x' },
  { finalizers: ['orphan', 'foregroundDeletion'] },
  { generateName: 'X_' },
]

for (const [path, more, wanted] of kinds) {
  test(`updates of ${path.split('/').at(-1)} tell what is wrong with metadata as often as kube-apiserver looks at it`, async () => {
    assert.is((await ask('POST', path, JSON.stringify({ metadata: { name: 'a' }, ...more }), json)).status, 201)
    const causes: number[] = []
    for (const metadata of patches) {
      const { text } = await ask('PATCH', `${path}/a?dryRun=All`, JSON.stringify({ metadata }), merge)
      causes.push(JSON.parse(text).details?.causes?.length ?? 0)
    }
    assert.equal(causes, wanted)
  })
}

test('a status endpoint does not look at the whole object again', async () => {
  await ask('POST', '/api/v1/nodes', JSON.stringify({ metadata: { name: 'n' } }), json)
  const { text } = await ask('PATCH', '/api/v1/nodes/n/status', JSON.stringify({ metadata: patches[0] }), merge)
  assert.is(JSON.parse(text).details.causes.length, 3)
})

test('a resourceVersion that is no number of 64 bits is an error without a reason', async () => {
  const path = '/api/v1/namespaces/default/configmaps'
  await ask('POST', path, JSON.stringify({ metadata: { name: 'rv' } }), json)
  const put = (metadata: object, query = '') =>
    ask('PUT', `${path}/rv${query}`, JSON.stringify({ metadata: { name: 'rv', ...metadata } }), json)
  for (const [resourceVersion, why] of [
    ['x', 'invalid syntax'],
    ['-1', 'invalid syntax'],
    ['99999999999999999999', 'value out of range'],
  ] as const) {
    const { status, text } = await put({ resourceVersion })
    assert.is(status, 500)
    assert.is(JSON.parse(text).message, `strconv.ParseUint: parsing "${resourceVersion}": ${why}`)
    assert.is(JSON.parse(text).reason, undefined)
  }
  assert.is((await put({ resourceVersion: '0' })).status, 200)
  assert.is((await put({ resourceVersion: '9999999' })).status, 409)
})

test('selfLink is not stored, but a dry run shows what was sent', async () => {
  const path = '/api/v1/namespaces/default/configmaps'
  await ask('POST', path, JSON.stringify({ metadata: { name: 'link' } }), json)
  const put = async (query: string) => {
    const { text } = await ask('PUT', `${path}/link${query}`, JSON.stringify({ metadata: { name: 'link', selfLink: 'v' } }), json)
    return JSON.parse(text).metadata.selfLink
  }
  assert.is(await put('?dryRun=All'), 'v')
  assert.is(await put(''), undefined)
})

test.run()
