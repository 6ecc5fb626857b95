import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asking } from '../abuse/asking.ts'

const { ask } = await asking()
const json = { 'content-type': 'application/json' }
const path = '/api/v1/namespaces/default/configmaps'
const scheme = 'in scheme "pkg/runtime/scheme.go:111"'

const bad: readonly (readonly [body: string, message: string])[] = [
  ['{"dryRun":"All"}', 'json: cannot unmarshal string into Go struct field DeleteOptions.dryRun of type []string'],
  ['{', "couldn't get version/kind; json parse error: unexpected end of JSON input"],
  ['{} {}', "couldn't get version/kind; json parse error: invalid character '{' after top-level value"],
  ['{"kind":"Pod","apiVersion":"v1"}', `no kind "Pod" is registered for version "v1" ${scheme}`],
  ['{"kind":"deleteoptions"}', `no kind "deleteoptions" is registered for version "meta.k8s.io/v1" ${scheme}`],
  ['{"kind":"x","apiVersion":"apps/v1"}', `no kind "x" is registered for version "apps/v1" ${scheme}`],
  ['{"apiVersion":"a/b/c"}', 'unexpected GroupVersion string: a/b/c'],
]
for (const [body, message] of bad) {
  test(`options of a deletion that cannot be read are refused by their own decoder: ${body}`, async () => {
    const { status, text } = await ask('DELETE', `${path}/none`, body, json)
    assert.is(status, 400)
    assert.is(JSON.parse(text).message, message)
  })
}

test('an update does not change when an object was made, and is no mistake', async () => {
  const made = await ask('POST', path, JSON.stringify({ metadata: { name: 'a' } }), json)
  const { creationTimestamp } = JSON.parse(made.text).metadata
  const metadata = { name: 'a', creationTimestamp: '2020-01-01T00:00:00Z' }
  const { status, text } = await ask('PUT', `${path}/a`, JSON.stringify({ metadata }), json)
  assert.is(status, 200)
  assert.is(JSON.parse(text).metadata.creationTimestamp, creationTimestamp)
})

test('finalizers of the garbage collector that are there already keep their place', async () => {
  const metadata = { name: 'o', finalizers: ['orphan', 'x.io/a'] }
  await ask('POST', path, JSON.stringify({ metadata }), json)
  const { text } = await ask('DELETE', `${path}/o?propagationPolicy=Orphan`)
  assert.equal(JSON.parse(text).metadata.finalizers, ['orphan', 'x.io/a'])
})

test.run()
