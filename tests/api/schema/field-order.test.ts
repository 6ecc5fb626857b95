import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { canonical } from '../../../src/api/schema/decode.ts'
import { type StructType, typeOf } from '../../../src/api/schema/types.ts'

const pod = typeOf('', 'v1', 'Pod') as StructType
const container = { name: 'c', image: 'i', ports: [{ containerPort: 80 }] }

test("fields come in Go's order, and so do those that show when absent, in whatever order they were sent", () => {
  const inOrder = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'p', namespace: 'n' }, spec: { containers: [container] } }
  const { name, image, ports } = container
  const turned = {
    spec: { containers: [{ ports, image, name }] },
    metadata: { namespace: 'n', name: 'p' },
    apiVersion: 'v1',
    kind: 'Pod',
  }
  const [first, second] = [canonical(pod, inOrder), canonical(pod, turned)]
  assert.is(JSON.stringify(first), JSON.stringify(second))
  assert.equal(Object.keys(first), ['kind', 'apiVersion', 'metadata', 'spec', 'status'])
})

test.run()
