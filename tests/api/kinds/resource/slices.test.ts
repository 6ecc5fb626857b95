import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sending } from '../../sending.ts'

test('a field that is dropped from a slice since its feature is off raises the generation all the same', async () => {
  const send = await sending()
  const place = '/apis/resource.k8s.io/v1/resourceslices'
  const slice = (attributes: object) => ({
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name: 's' },
    spec: {
      driver: 'd.example.com',
      nodeName: 'n',
      pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
      devices: [{ name: 'x', attributes: { a: { string: 'y', ...attributes } } }],
    },
  })
  assert.is((await send('POST', place, slice({}))).json.metadata.generation, 1)
  assert.is((await send('PUT', `${place}/s`, slice({}))).json.metadata.generation, 1)
  const { json } = await send('PUT', `${place}/s`, slice({ bools: [true] }))
  assert.is(json.metadata.generation, 2)
  assert.equal(json.spec.devices[0].attributes.a, { string: 'y' })
})

test.run()
