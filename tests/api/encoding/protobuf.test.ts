import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { protobufEvent, protobufListPieces } from '../../../src/api/encoding/assemble.ts'
import {
  decodeMessage,
  encodeMessage,
  encodeMessageSteps,
  encodeProtobuf,
  encodeProtobufSteps,
  envelopePieces,
  openEnvelope,
  WireError,
} from '../../../src/api/encoding/protobuf.ts'
import { decodeText } from '../../../src/api/schema/decode.ts'
import { type StructType, typeOf } from '../../../src/api/schema/types.ts'
import { atOnce } from '../../../src/apimachinery/steps.ts'

const type = (group: string, version: string, kind: string): StructType => {
  const found = typeOf(group, version, kind)
  if (!found) throw new Error(kind)
  return found
}
const podType = type('', 'v1', 'Pod')
const podText =
  '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x","creationTimestamp":"2024-01-02T03:04:05Z","labels":{"b":"ü","a":""}},"spec":{"containers":[{"name":"c","image":"i","livenessProbe":{"httpGet":{"port":"web"}},"resources":{"limits":{"cpu":"100m"}}}],"volumes":[{"name":"v","emptyDir":{}}],"terminationGracePeriodSeconds":-1}}'
/** What Go's k8s.io/api 0.36.3 writes for podText. */
const goBytes =
  '6b3873000a090a0276311203506f6412c0010a290a017812001a0022002a0032003800420808a5facdac0610005a050a016112005a070a01621202c3bc127e0a090a0176120412020a00124a0a01631201692a00420f0a0d0a0363707512060a043130306d521f0a1312110a001209080110001a037765621a002200100018002000280030006a007200800100880100900100a201001a0020ffffffffffffffffff01320042004a0052005800600068008201008a01009a0100c201001a130a001a0022002a0032004a005a0072008801001a002200'

test('bytes are those that Go writes, and are read back to the same object', () => {
  const pod = decodeText(podType, podText).value
  const bytes = encodeProtobuf(podType, pod, 'v1', 'Pod')
  assert.is(bytes.toString('hex'), goBytes)
  const { apiVersion, kind, raw } = openEnvelope(bytes)
  assert.is(JSON.stringify(sorted(decodeMessage(podType, raw, apiVersion, kind))), JSON.stringify(sorted(pod)))
})

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  )
}

test('fields and kinds of the future are skipped', () => {
  const unknownField = Buffer.from([0xfa, 0x3f, 1, 7])
  const raw = Buffer.concat([encodeMessage(podType, {}), unknownField])
  assert.equal(decodeMessage(podType, raw), decodeText(podType, '{}').value)
})

test('random and cut bytes are refused, never worse', () => {
  const whole = Buffer.from(goBytes, 'hex')
  let seed = 7
  const random = () => (seed = (seed * 48271) % 2147483647)
  for (let i = 0; i < 3000; i++) {
    const bytes = Buffer.from(whole.subarray(0, random() % whole.length))
    for (let k = 0; k < 3 && bytes.length > 5; k++) bytes[4 + (random() % (bytes.length - 4))] = random() % 256
    try {
      decodeMessage(podType, openEnvelope(bytes).raw)
    } catch (e) {
      assert.instance(e, WireError)
    }
  }
  const crdType = type('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition')
  assert.throws(
    () => decodeMessage(crdType, Buffer.alloc(100_000, 0x0a)),
    (e: unknown) => e instanceof WireError,
  )
})

test('lists are put together from what their items already are', () => {
  const listType = type('', 'v1', 'PodList')
  const pods = ['a', 'b'].map((name) => decodeText(podType, JSON.stringify({ metadata: { name } })).value)
  const metadata = { resourceVersion: '5' }
  const listMeta = listType.byName.get('metadata')?.type as StructType
  const pieces = protobufListPieces(
    encodeMessage(listMeta, metadata),
    pods.map((pod) => encodeMessage(podType, pod)),
  )
  assert.equal(decodeMessage(listType, Buffer.concat(pieces)), { metadata, items: pods })
  const body = Buffer.concat(envelopePieces('v1', 'PodList', pieces))
  assert.ok(body.equals(encodeProtobuf(listType, { metadata, items: pods }, 'v1', 'PodList')))
})

test('a watch event is a frame with its length before it', () => {
  const body = Buffer.from(goBytes, 'hex')
  const frame = protobufEvent('ADDED', body)
  assert.is(frame.readUInt32BE(0), frame.length - 4)
  assert.is(frame.subarray(4, 11).toString('latin1'), '\n\u0005ADDED')
  assert.ok(frame.subarray(-body.length).equals(body))
})

test('a large object is written in steps as it is at once', () => {
  const many = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`k${i}ü`, i % 3 === 0 ? '' : 'v']))
  const containers = Array.from({ length: 500 }, (_, i) => ({
    name: `c${i}`,
    ports: [{ containerPort: i }],
    env: Array.from({ length: i === 7 ? 300 : 1 }, (_, j) => ({ name: `E${j}`, value: 'v' })),
  }))
  const pod = {
    metadata: { name: 'x', labels: many, managedFields: [{ manager: 'm', fieldsV1: { 'f:a': many } }] },
    spec: { containers, volumes: [{ name: 'v', emptyDir: {} }], nodeSelector: many },
  }
  const inSteps = atOnce(encodeProtobufSteps(podType, pod, 'v1', 'Pod'))
  assert.is(inSteps.toString('hex'), encodeProtobuf(podType, pod, 'v1', 'Pod').toString('hex'))
  assert.is(atOnce(encodeMessageSteps(podType, pod)).toString('hex'), encodeMessage(podType, pod).toString('hex'))
  // A list that is a message of its own, in a map.
  const review = type('authorization.k8s.io', 'v1', 'SubjectAccessReview')
  const extra = Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [`k${i}`, Array.from({ length: i === 3 ? 400 : 2 }, String)]),
  )
  const asked = { metadata: {}, spec: { user: 'u', extra } }
  assert.is(atOnce(encodeMessageSteps(review, asked)).toString('hex'), encodeMessage(review, asked).toString('hex'))
})

test.run()
