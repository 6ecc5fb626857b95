import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PersistentVolumeClaim, Pod } from '../../src/apimachinery/kinds.generated.ts'
import { persistentvolumeclaims, pods } from '../../src/apimachinery/resources.generated.ts'
import { claimsOf, settled, usesClaim } from '../../src/controllers/storage-protection.ts'
import { startCluster } from './cluster.ts'

const pod = (nodeName?: string): Pod => ({
  metadata: { name: 'db', namespace: 'default' },
  spec: {
    containers: [],
    ...(nodeName ? { nodeName } : {}),
    volumes: [
      { name: 'data', persistentVolumeClaim: { claimName: 'mine' } },
      { name: 'scratch', ephemeral: {} },
      { name: 'tmp', emptyDir: {} },
    ],
  },
})

test('a pod uses the claims it names and those of its ephemeral volumes, from the time it is on a node', () => {
  assert.equal(claimsOf(pod()), ['mine', 'db-scratch'])
  assert.not(usesClaim(pod(), 'mine'))
  assert.ok(usesClaim(pod('n1'), 'mine'))
})

test('an object in use keeps its finalizer when it is deleted, and loses it when it is not', () => {
  const deleted = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a', 'own'] } }
  assert.is(
    settled(deleted, 'own', () => true),
    undefined,
  )
  assert.equal(
    settled(deleted, 'own', () => false),
    ['a'],
  )
  assert.equal(
    settled({ metadata: {} }, 'own', () => false),
    ['own'],
  )
})

test('a claim goes only after the last pod that mounts it', async () => {
  const cluster = await startCluster()
  const claim = {
    metadata: { name: 'mine', namespace: 'default', finalizers: ['kubernetes.io/pvc-protection'] },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  } as PersistentVolumeClaim
  await cluster.client.create(persistentvolumeclaims, claim, { namespace: 'default' })
  const mounting = pod('n1')
  const spec = { ...mounting.spec, containers: [{ name: 'c', image: 'i' }], volumes: mounting.spec?.volumes?.slice(0, 1) }
  await cluster.client.create(pods, { ...mounting, spec } as Pod, { namespace: 'default' })
  await cluster.client.delete(persistentvolumeclaims, 'mine', { namespace: 'default' })
  await cluster.controllers.idle()
  assert.ok(await cluster.get(persistentvolumeclaims, 'mine'))
  await cluster.client.delete(pods, 'db', { namespace: 'default' })
  await cluster.until('the claim is gone', async () => !(await cluster.get(persistentvolumeclaims, 'mine')))
  assert.equal(cluster.errors, [])
  await cluster.stop()
})

test.run()
