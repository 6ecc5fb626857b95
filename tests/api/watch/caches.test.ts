import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Caches } from '../../../src/api/watch/caches.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import { createMemoryStore } from '../../../src/store/memory/memory-store.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

test('what is written is held as bytes: the object itself can be collected, and is parsed again when asked for', async () => {
  const store = createMemoryStore()
  const caches = await Caches.load(store)
  const key = '/registry/core/configmaps/default/a'
  const written = await write(store, caches, key)
  await new Promise((resolve) => setImmediate(resolve))
  collectGarbage()
  const stored = caches.of('/registry/core/configmaps/').get(key)
  assert.is(written.deref(), undefined)
  assert.is(stored?.object.metadata.name, 'a')
  caches.close()
})

async function write(store: ReturnType<typeof createMemoryStore>, caches: Caches, key: string): Promise<WeakRef<KubeObject>> {
  const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } }
  const bytes = Buffer.from(JSON.stringify(object))
  caches.expect(bytes, object)
  await store.commit([{ key, value: bytes }])
  return new WeakRef(object)
}

test.run()
