import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configmaps } from '../../../src/apimachinery/resources.generated.ts'
import { isConflict } from '../../../src/apimachinery/status.ts'
import { testApi } from '../test-api.ts'

test('an apply that names a version creates what is not there, and is refused where the object has another', async () => {
  const { api, client } = await testApi()
  const apply = (value: string, resourceVersion: string) =>
    client.apply(
      configmaps,
      { metadata: { name: 'a', namespace: 'default', resourceVersion }, data: { value } },
      { fieldManager: 'test', force: true },
    )
  const made = await apply('first', '1')
  assert.is.not(made.metadata.resourceVersion, '1')
  const refused = await apply('second', '1').then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(isConflict(refused), String(refused))
  assert.equal((await apply('third', made.metadata.resourceVersion ?? '')).data, { value: 'third' })
  api.close()
})

test.run()
