import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { builtInKind } from '../../../src/api/apply/applied-kind.ts'
import { trackUpdate } from '../../../src/api/apply/field-manager.ts'
import { Shapes } from '../../../src/api/apply/shapes.ts'

const kind = builtInKind('', 'v1', 'Service')
const atom = kind.typeAt('v1')
if (!atom) throw new Error('no type')
const requester = { manager: 'm', now: new Date(0) }

const service = (name: string, spec: object, labels: object = { app: name }) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, labels },
  spec,
  status: { loadBalancer: {} },
})
/** How many shapes `objects` have; each is found again. */
function shapesOf(objects: readonly object[]): number {
  const shapes = new Shapes<object>()
  const found = new Set<object>()
  for (const object of [...objects, ...objects]) {
    const shape = shapes.of(atom as NonNullable<typeof atom>, object)
    if (!shape) throw new Error('no shape')
    if (!shape.kept) shapes.keep(shape, object)
    found.add(shape.kept?.value ?? object)
  }
  return found.size
}
const fieldsOf = (object: object) => {
  const { metadata } = trackUpdate(kind, undefined, object as never, requester) as { metadata: { managedFields?: object[] } }
  return (metadata.managedFields?.[0] as { fieldsV1?: object } | undefined)?.fieldsV1
}

test('objects that differ in names and values only have one shape, and own the same fields', () => {
  const [a, b] = [service('a', { type: 'ClusterIP' }), service('b', { type: 'NodePort' })]
  assert.is(shapesOf([a, b]), 1)
  assert.equal(fieldsOf(a), fieldsOf(b))
})

test('another field, another key of a list, a zero or a member of a set make another shape', () => {
  const ports = (port: number) => ({ ports: [{ port, protocol: 'TCP', targetPort: port }] })
  const shapes = [
    service('a', {}),
    service('a', { type: 'ClusterIP' }),
    service('a', { type: '' }),
    service('a', ports(80)),
    service('a', ports(81)),
    service('a', ports(80), { app: 'a', tier: 'b' }),
    service('a', { ports: [] }),
    { ...service('a', {}), metadata: { name: 'a', finalizers: ['x.io/a'] } },
    { ...service('a', {}), metadata: { name: 'a', finalizers: ['x.io/b'] } },
  ]
  assert.is(shapesOf(shapes), shapes.length)
  assert.not.equal(fieldsOf(shapes[3] as object), fieldsOf(shapes[4] as object))
})

test('an atomic map with zeros in it is not taken for the empty one that is there before', () => {
  const policies = builtInKind('networking.k8s.io', 'v1', 'NetworkPolicy')
  const policy = (podSelector: object) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'n' },
    spec: { podSelector, policyTypes: ['Ingress'] },
  })
  const owned = (podSelector: object) => {
    const { metadata } = trackUpdate(policies, undefined, policy(podSelector) as never, requester) as {
      metadata: { managedFields?: { fieldsV1: Record<string, object> }[] }
    }
    return Object.keys(metadata.managedFields?.[0]?.fieldsV1['f:spec'] ?? {})
  }
  assert.equal(owned({ matchLabels: { app: '' } }), ['f:podSelector', 'f:policyTypes'])
  assert.equal(owned({}), ['f:policyTypes'])
})

test('keys that hold quotes and brackets are not taken for structure', () => {
  const a = service('a', {}, { 'a"{': '1', b: '2' })
  const b = service('a', {}, { 'a"{s1"b': '1' })
  assert.is(shapesOf([a, b]), 2)
})

test('what is very large has no shape, and is tracked all the same', () => {
  const labels = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`key-${i}`, 'x']))
  const large = service('a', {}, labels)
  assert.is(new Shapes().of(atom, large), undefined)
  assert.is(
    Object.keys((fieldsOf(large) as Record<string, Record<string, object>>)['f:metadata']?.['f:labels'] ?? {}).length,
    1001,
  )
})

test('shapes are forgotten when they are very many, and told all the same', () => {
  const shapes = new Shapes<number>()
  const object = (i: number) => service('a', {}, { [`key-${i}`]: 'x', [`other-${i}`]: 'x' })
  for (let i = 0; i < 10_000; i++) {
    const shape = shapes.of(atom, object(i))
    assert.is(shape?.kept, undefined)
    if (shape) shapes.keep(shape, i)
    assert.is(shapes.of(atom, object(i))?.kept?.value ?? i, i)
  }
  assert.is(shapes.of(atom, object(0))?.kept, undefined)
})

test.run()
