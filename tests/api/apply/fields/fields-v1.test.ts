import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FieldSet } from '../../../../src/api/apply/fields/field-set.ts'
import { readFields, writeFields } from '../../../../src/api/apply/fields/fields-v1.ts'
import { deepFreeze } from '../../../../src/api/watch/freeze.ts'

const pod =
  '{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{"k:{\\"name\\":\\"c\\"}":{".":{},"f:env":{".":{},"k:{\\"name\\":\\"A\\"}":{".":{},"f:name":{}},"k:{\\"name\\":\\"B\\"}":{".":{},"f:name":{}}},"f:image":{}}},"f:dnsPolicy":{}}}'

const more = FieldSet.of(['f:metadata', 'f:labels', 'f:u'], ['f:spec', 'f:containers'], ['f:spec', 'f:replicas'])

/** Read, changed and written again: `isStored`: what was read is a stored object's, of which parts are kept as they are. */
function changed(text: string, isStored: boolean): readonly string[] {
  const fields: unknown = JSON.parse(text)
  const set = readFields(isStored ? deepFreeze(fields) : fields)
  const sets = [
    set,
    more.union(set),
    set.union(more),
    set.difference(more),
    set.difference(FieldSet.of(['f:spec', 'f:dnsPolicy'])),
  ]
  return sets.map((one) => JSON.stringify(writeFields(one)))
}

const texts = [
  pod,
  // None of these is as it would be written.
  pod.replace('"f:env":{".":{},', '"f:env":{'),
  pod.replace('{".":{},"f:name":{}}', '{"f:name":{},".":{}}'),
  pod.replace('"f:image":{}', '"f:image":{".":{}}'),
  '{"f:spec":{"f:b":{},"f:a":{}},"f:metadata":{}}',
  '{"f:spec":{"v:2":{},"v:10":{},"f:x":{"k:{\\"b\\":1,\\"a\\":2}":{}}}}',
  '{"f:spec":{"f:list":{"k:{\\"name\\":\\"b\\"}":{},"k:{\\"name\\":\\"a\\"}":{}},"x:unknown":{},"f:y":{}}}',
  '{".":{},"f:spec":{"f:y":{}}}',
  '{"f:spec":{"f:p":{"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{},"k:{\\"port\\":443,\\"protocol\\":\\"TCP\\"}":{}}}}',
  '{"f:spec":{"f:p":{"k:{\\"port\\":443,\\"protocol\\":\\"TCP\\"}":{},"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{}}}}',
  '{"f:spec":{"f:p":{"k:{\\"name\\":\\"a!\\"}":{},"k:{\\"name\\":\\"a\\"}":{}}}}',
]

for (const text of texts) {
  test(`what a stored object's managers own is written as if it were made anew: ${text.slice(0, 60)}`, () => {
    assert.equal(changed(text, true), changed(text, false))
  })
}

test('what a change leaves alone is the very JSON that was read', () => {
  const fields = deepFreeze(JSON.parse(pod) as Record<string, object>)
  const written = writeFields(FieldSet.of(['f:metadata', 'f:labels', 'f:u']).union(readFields(fields)))
  assert.is(written['f:spec'], fields['f:spec'])
  assert.equal(written['f:metadata'], { 'f:labels': { '.': {}, 'f:app': {}, 'f:u': {} } })
})

test('what may still be changed is not kept', () => {
  const fields = JSON.parse(pod) as object
  const set = readFields(fields)
  const change = (level: object) => {
    for (const below of Object.values(level)) change(below as object)
    Object.assign(level, { 'f:late': {} })
  }
  change(fields)
  assert.is(JSON.stringify(writeFields(more.union(set))).includes('f:late'), false)
})

test.run()
