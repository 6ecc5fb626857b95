import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  asStored,
  asWritten,
  DecodeError,
  decodePatched,
  decodeText,
  decodeUntyped,
  decodeValue,
  decodeValueSteps,
} from '../../../src/api/schema/decode.ts'
import { type StructType, typeOf } from '../../../src/api/schema/types.ts'
import { jsonText } from '../../../src/apimachinery/json.ts'
import { atOnce } from '../../../src/apimachinery/steps.ts'

const type = (group: string, version: string, kind: string): StructType => {
  const found = typeOf(group, version, kind)
  if (!found) throw new Error(`no type ${kind}`)
  return found
}
const deployment = type('apps', 'v1', 'Deployment')
const strict = (text: string) => decodeText(deployment, text).strictErrors

function failure(run: () => unknown): string {
  try {
    run()
  } catch (e) {
    if (e instanceof DecodeError) return e.message
    throw e
  }
  return 'no error'
}
const refusal = (text: string, t = deployment) => failure(() => decodeText(t, text))

test('what Go always writes is there, empty optional lists and maps are held but not written, and fields come in Go’s order', () => {
  const { value } = decodeText(
    deployment,
    '{"spec":{"template":{"metadata":{"creationTimestamp":null,"labels":{}},"spec":{"containers":[{"name":"a","args":[]}]}}},"kind":"Deployment"}',
  )
  assert.equal(value.spec, {
    selector: null,
    template: {
      metadata: { labels: {} },
      spec: { containers: [{ name: 'a', args: [], resources: {} }] },
    },
    strategy: {},
  })
  assert.is(
    JSON.stringify(asWritten(deployment, value)),
    '{"kind":"Deployment","metadata":{},"spec":{"selector":null,"template":{"metadata":{},"spec":{"containers":[{"name":"a","resources":{}}]}},"strategy":{}},"status":{}}',
  )
})

test('unknown and duplicate fields are told of in document order, and the value keeps neither', () => {
  assert.equal(strict('{"spec":{"replicas":1,"replicas":2,"x":1},"metadata":{"labels":{"a":"1","a":"2"}}}'), [
    'duplicate field "spec.replicas"',
    'unknown field "spec.x"',
    'duplicate field "metadata.labels.a"',
  ])
  assert.equal(strict('{"spec":{"template":{"spec":{"containers":[{},{"imag":"x"}]}}}}'), [
    'unknown field "spec.template.spec.containers[1].imag"',
  ])
  assert.equal(strict('{"Spec":{}}'), ['unknown field "Spec"'])
  assert.equal(strict('{"metadata":{"__proto__":{"name":"x"}}}'), ['unknown field "metadata.__proto__"'])
})

test('wrong types are refused with the struct, the path and the Go type', () => {
  assert.is(
    refusal('{"spec":{"replicas":"x"}}'),
    'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
  )
  assert.is(
    refusal('{"spec":{"replicas":1.0}}'),
    'json: cannot unmarshal number 1.0 into Go struct field DeploymentSpec.spec.replicas of type int32',
  )
  assert.is(refusal('[]'), 'json: cannot unmarshal array into Go value of type v1.Deployment')
  assert.is(
    refusal('{"spec":{"template":{"spec":{"containers":{}}}}}'),
    'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container',
  )
  assert.is(
    refusal('{"metadata":{"creationTimestamp":"x"}}'),
    'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"',
  )
})

test('bad syntax is told as Go tells it', () => {
  assert.is(refusal('{"a'), 'unexpected end of JSON input')
  assert.is(refusal('{"a":1,}'), "invalid character '}' looking for beginning of object key string")
  assert.is(refusal('{"a":1} x'), "invalid character 'x' after top-level value")
  assert.is(refusal('{"a":tru}'), "invalid character '}' in literal true (expecting 'e')")
  assert.is(refusal('['.repeat(100_000)), "invalid character '[' exceeded max depth")
})

test('scalars are written canonically', () => {
  const pod = type('', 'v1', 'Pod')
  const { value } = decodeText(
    pod,
    '{"metadata":{"creationTimestamp":"2024-01-02T05:04:05.9+02:00"},"spec":{"overhead":{"cpu":"1000m","memory":1024,"a":"1.5Gi","b":"0.5"}}}',
  )
  assert.equal((value.metadata as Record<string, unknown>).creationTimestamp, '2024-01-02T03:04:05Z')
  assert.equal((value.spec as Record<string, unknown>).overhead, { cpu: '1', memory: '1024', a: '1536Mi', b: '500m' })
  const secret = decodeText(type('', 'v1', 'Secret'), '{"data":{"a":"aGk=\\n","__proto__":"aGk="}}').value
  assert.is(JSON.stringify(secret), '{"metadata":{},"data":{"__proto__":"aGk=","a":"aGk="}}')
  assert.is(refusal('{"data":{"a":"%"}}', type('', 'v1', 'Secret')), 'illegal base64 data at input byte 0')
})

test('an int64 keeps digits that a double cannot hold', () => {
  const { value } = decodeText(type('', 'v1', 'Pod'), '{"metadata":{"generation":9223372036854775807}}')
  assert.is(jsonText(value.metadata), '{"generation":9223372036854775807}')
  assert.match(refusal('{"metadata":{"generation":1e18}}'), 'cannot unmarshal number 1e18')
  assert.match(refusal('{"metadata":{"generation":9223372036854775808}}'), 'cannot unmarshal number 9223372036854775808')
})

test('null is absence for pointers, zero for values, and an empty element in lists and maps', () => {
  const { value } = decodeText(type('', 'v1', 'ConfigMap'), '{"metadata":null,"data":{"a":null},"immutable":null}')
  assert.equal(value, { metadata: {}, data: { a: '' } })
})

test('a required list that is empty is null once it was stored', () => {
  const { value } = decodeText(type('discovery.k8s.io', 'v1', 'EndpointSlice'), '{"endpoints":[],"addressType":"IPv4"}')
  assert.equal(value, { metadata: {}, addressType: 'IPv4', endpoints: [], ports: null })
  assert.is(asStored(type('discovery.k8s.io', 'v1', 'EndpointSlice'), value).endpoints, null)
})

test('a parsed value is read as its text would be', () => {
  assert.is(
    failure(() => decodeValue(deployment, { spec: { paused: 'yes' } })),
    'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.paused of type bool',
  )
  assert.equal(decodeValue(deployment, { spec: { y: 1 } }).strictErrors, ['unknown field "spec.y"'])
})

test('a patched object is told of in the words of the unstructured converter, unknown fields sorted', () => {
  assert.is(
    failure(() => decodePatched(deployment, { spec: { replicas: 'x' } })),
    'unrecognized type: int32',
  )
  assert.is(
    failure(() => decodePatched(deployment, { spec: 5 })),
    'cannot restore struct from: int64',
  )
  assert.equal(decodePatched(deployment, { spec: { z: 1 }, a: 2 }).strictErrors, ['unknown field "a"', 'unknown field "spec.z"'])
})

test('without a type only duplicates are errors', () => {
  const { value, strictErrors } = decodeUntyped('{"a":{"b":1,"b":2.5},"__proto__":1}')
  assert.equal(strictErrors, ['duplicate field "a.b"'])
  assert.is(JSON.stringify(value), '{"a":{"b":2.5},"__proto__":1}')
})

test('numbers beyond float64 are refused where Go reads them', () => {
  const definition = typeOf('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition') as StructType
  const versions = (schema: string) => `{"spec":{"versions":[{"schema":{"openAPIV3Schema":${schema}}}]}}`
  assert.is(
    failure(() => decodeText(definition, versions('{"minimum":1e400}'))),
    'json: cannot unmarshal number 1e400 into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.minimum of type float64',
  )
  assert.is(
    failure(() => decodeText(definition, versions('{"default":{"a":[-1e400]}}'))),
    'json: cannot unmarshal number -1e400 into Go value of type float64',
  )
})

test('a float64 is named as JSON writes it', () => {
  assert.is(
    failure(() => decodeValue(deployment, { spec: { replicas: 1e19 } })),
    'json: cannot unmarshal number 10000000000000000000 into Go struct field DeploymentSpec.spec.replicas of type int32',
  )
})

test('a large value is read in steps as it is at once, whatever in it does not fit', () => {
  const many = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`k${i}`, 'v']))
  const containers = Array.from({ length: 1000 }, (_, i) => ({ name: `a${i}`, image: 'b', ports: [{ containerPort: 80 }] }))
  const pod = { containers, x: many, nodeSelector: many }
  const value = (spec: object, metadata: object = {}) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', labels: many, ...metadata },
    spec: { ...spec, template: { metadata: { annotations: many }, spec: pod } },
  })
  const values = [
    value({}),
    value({ y: 1 }, { x: many, z: [] }),
    value({ replicas: '3', y: many }),
    value({}, { labels: { a: 1, ...many } }),
  ]
  for (const given of values) {
    const read = (decode: () => unknown) => {
      try {
        return jsonText(decode())
      } catch (e) {
        return (e as Error).message
      }
    }
    assert.is(
      read(() => atOnce(decodeValueSteps(deployment, given))),
      read(() => decodeValue(deployment, given)),
    )
  }
  assert.equal(atOnce(decodeValueSteps(deployment, values[1])).strictErrors, [
    'unknown field "metadata.x"',
    'unknown field "metadata.z"',
    'unknown field "spec.y"',
    'unknown field "spec.template.spec.x"',
  ])
})

test.run()
