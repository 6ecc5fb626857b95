import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { byName, differences } from '../../../scripts/third-party/compare.ts'
import { masked, maskText } from '../../../scripts/third-party/masked.ts'

const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
const secret = (extra: object) => ({
  kind: 'Secret',
  metadata: { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '7' },
  ...extra,
})

test('identity, times, random names and certificates do not make two objects different', () => {
  const one = masked(secret({ data: { crt: btoa(pem) }, at: '2026-01-02T03:04:05Z' }))
  assert.equal(one, {
    kind: 'Secret',
    metadata: { name: 'a', namespace: 'n' },
    data: { crt: '<CERTIFICATE × 1>' },
    at: '<time>',
  })
  const named = masked({ metadata: { name: 'job-x7k2a', generateName: 'job-' }, ref: 'job-x7k2a' })
  assert.equal(named, { metadata: { name: 'job-<random>', generateName: 'job-' }, ref: 'job-<random>' })
})

test('a property that is called uid is kept: the names inside a schema are content', () => {
  const schema = { properties: { uid: { type: 'string' } } }
  assert.equal(masked({ schema }), { schema })
})

test('a difference says which object, where and both values', () => {
  const left = byName([secret({ type: 'Opaque' }), secret({ metadata: { name: 'b' } })])
  const right = byName([secret({ type: 'kubernetes.io/tls' })])
  assert.equal(differences(left, right), ['Secret b: only on the first', 'Secret n/a .type: "Opaque" | "kubernetes.io/tls"'])
})

test('messages lose addresses and identities only', () => {
  assert.is(maskText('at https://127.0.0.1:26100/x of 9f1b4a52-0b0f-4c0e-9d39-0a1b2c3d4e5f'), 'at <server>/x of <uid>')
})

test('names that were generated, wherever they are told of, lose their random end', () => {
  assert.is(maskText('Stored new private key in Secret "root-vjbbk"'), 'Stored new private key in Secret "root-<random>"')
  assert.is(maskText('certificate-request-manager, a-first'), 'certificate-request-manager, a-first')
})

test.run()
