import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeMessage, encodeProtobuf, openEnvelope } from '../../../src/api/encoding/protobuf.ts'
import { golden, sorted, typeNamed } from '../golden.ts'

interface Line {
  readonly gvk: [string, string, string]
  readonly object: Record<string, unknown>
  readonly value: string
}

test('random objects of every kind are the bytes that Go writes, and come back from them', () => {
  for (const { gvk, object, value } of golden<Line>('protobuf.jsonl')) {
    const type = typeNamed(gvk)
    const [group, version, kind] = gvk
    const bytes = encodeProtobuf(type, object, group ? `${group}/${version}` : version, kind)
    assert.is(bytes.toString('base64'), value, JSON.stringify(object))
    const { raw, apiVersion, kind: readKind } = openEnvelope(bytes)
    const again = encodeProtobuf(type, decodeMessage(type, raw, apiVersion, readKind), apiVersion, readKind)
    assert.equal(sorted(again.toString('base64')), value)
  }
})

test.run()
