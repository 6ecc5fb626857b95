import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Sink } from '../../../src/api/request.ts'
import { eventually } from '../../eventually.ts'
import { admin } from '../test-api.ts'
import { asking } from './asking.ts'
import { longestTurn, mostTurnMs } from './turns.ts'

/** Answers that are long, or long to find: nobody waits for them. */
const { api, ask } = await asking()
const configMaps = '/api/v1/namespaces/default/configmaps'
const json = { 'content-type': 'application/json' }
const objects = 8000
/** What takes less than `mostTurnMs` at once, and much less in turns. */
const halfTurnMs = 30

const forms = {
  JSON: 'application/json',
  YAML: 'application/yaml',
  Table: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  metadata: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'metadata in protobuf': 'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
} as const

const configMap = (name: string, data: string) =>
  `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}","labels":{"a":"b"}},"data":{${data}}}`

async function isAnsweredInTurns(run: () => Promise<{ status: number; text: string }>, most = mostTurnMs): Promise<string> {
  let answer = { status: 0, text: '' }
  const turn = await longestTurn(async () => {
    answer = await run()
  }, most)
  assert.is(answer.status, 200, answer.text.slice(0, 300))
  assert.ok(turn < most, `a turn took ${turn} ms`)
  return answer.text
}

/** Texts too long to be shown. */
function isSameText(is: string, expected: string): void {
  let at = 0
  while (at < is.length && is[at] === expected[at]) at++
  assert.ok(
    is === expected,
    `at ${at} of ${expected.length}: ${is.slice(at - 50, at + 50)} instead of ${expected.slice(at - 50, at + 50)}`,
  )
}

const beginning = api.core.caches.revision

test.before(async () => {
  for (let i = 0; i < objects; i++) {
    assert.is((await ask('POST', configMaps, configMap(`c${i}`, '"a":"b"'), json)).status, 201)
  }
})

for (const [form, accept] of Object.entries(forms)) {
  test(`a list of thousands in its form (${form}) is written in turns`, async () => {
    await isAnsweredInTurns(() => ask('GET', configMaps, undefined, { accept }))
  })
}

test('an indented list is what the plain one is, in turns', async () => {
  const pretty = await isAnsweredInTurns(() => ask('GET', `${configMaps}?pretty=true`))
  const plain = (await ask('GET', configMaps)).text
  isSameText(pretty, JSON.stringify(JSON.parse(plain), undefined, 2))
})

test('a page of a state that was is read once, and only so far as it must be', async () => {
  const revision = api.core.caches.revision - 10
  const exact = `${configMaps}?resourceVersion=${revision}&resourceVersionMatch=Exact`
  assert.is(JSON.parse(await isAnsweredInTurns(() => ask('GET', exact))).items.length, objects - 10)
  const none = JSON.parse(await isAnsweredInTurns(() => ask('GET', `${exact}&limit=1&labelSelector=none`)))
  assert.equal(none.items, [])
  assert.is(none.metadata.continue, undefined)
  const first = JSON.parse(await isAnsweredInTurns(() => ask('GET', `${exact}&limit=3&labelSelector=a`)))
  assert.is(first.items.length, 3)
  assert.is(first.metadata.remainingItemCount, undefined)
  const counted = JSON.parse(await isAnsweredInTurns(() => ask('GET', `${exact}&limit=1500`)))
  assert.is(counted.items.length + counted.metadata.remainingItemCount, objects - 10)
  const { continue: token } = counted.metadata
  const rest = JSON.parse(
    await isAnsweredInTurns(() => ask('GET', `${configMaps}?limit=9000&continue=${encodeURIComponent(token)}`)),
  )
  assert.is(rest.items.length, counted.metadata.remainingItemCount)
})

class Counting implements Sink {
  bytes = 0
  writes = 0
  onDrain: (() => void) | undefined

  write(bytes: Uint8Array): boolean {
    this.bytes += bytes.length
    this.writes++
    return true
  }

  end(): void {}
  abort(): void {}
}

/** Begins a watch of ConfigMaps in this form; what stops it. */
async function watch(accept: string, query: string, sink: Sink): Promise<() => void> {
  const { body } = await api.handle({
    method: 'GET',
    path: configMaps,
    query: new URLSearchParams(`watch=1&${query}`),
    headers: { accept },
    user: admin,
    signal: new AbortController().signal,
  })
  if (!('stream' in body) || !body.feed) throw new Error('no watch')
  return body.feed(sink)
}

for (const accept of ['application/json', 'application/vnd.kubernetes.protobuf;stream=watch', forms.Table]) {
  test(`a watch of ${accept} begins with thousands of objects in turns, however fast they are taken`, async () => {
    const turn = await longestTurn(async () => {
      const sink = new Counting()
      const stop = await watch(accept, 'resourceVersion=0', sink)
      await eventually(() => sink.writes >= objects)
      stop()
    })
    assert.ok(turn < mostTurnMs, `a turn took ${turn} ms`)
  })
}

test('a watch that begins at an old revision is told of thousands of events in turns', async () => {
  let sink = new Counting()
  const turn = await longestTurn(async () => {
    sink = new Counting()
    const stop = await watch(forms.Table, `resourceVersion=${beginning}`, sink)
    await eventually(() => sink.writes >= objects)
    stop()
  }, halfTurnMs)
  assert.is(sink.writes, objects)
  assert.ok(turn < halfTurnMs, `a turn took ${turn} ms`)
})

test('an object of as many keys as a body may have is shown in turns, in each form', async () => {
  const keys = Array.from({ length: 49_000 }, (_, i) => `"k${i}":"v"`).join(',')
  assert.is((await ask('POST', configMaps, configMap('many', keys), json)).status, 201)
  const many = `${configMaps}/many`
  await isAnsweredInTurns(() => ask('GET', many, undefined, { accept: forms.YAML }))
  await isAnsweredInTurns(() => ask('GET', `${many}?includeObject=Object`, undefined, { accept: forms.Table }))
  const pretty = await isAnsweredInTurns(() => ask('GET', `${many}?pretty=true`))
  isSameText(pretty, JSON.stringify(JSON.parse((await ask('GET', many)).text), undefined, 2))
  assert.is((await ask('DELETE', many)).status, 200)
})

test('an object of as many keys as a body may have is shown as protobuf and watched in turns', async () => {
  const keys = Array.from({ length: 49_000 }, (_, i) => `"k${i}":"v"`).join(',')
  const patch = { 'content-type': 'application/merge-patch+json' }
  assert.is((await ask('POST', configMaps, configMap('many', keys), json)).status, 201)
  const many = `${configMaps}/many`
  const protobuf = 'application/vnd.kubernetes.protobuf'
  await isAnsweredInTurns(() => ask('GET', many, undefined, { accept: protobuf }), halfTurnMs)
  const asProtobuf = { ...patch, accept: protobuf }
  await isAnsweredInTurns(() => ask('PATCH', `${many}?dryRun=All`, '{"data":{"k0":"w"}}', asProtobuf), halfTurnMs)
  await isAnsweredInTurns(
    () => ask('GET', `${configMaps}?fieldSelector=metadata.name%3Dmany`, undefined, { accept: protobuf }),
    halfTurnMs,
  )
  for (const accept of [`${protobuf};stream=watch`, `${forms.Table};stream=watch`]) {
    const [one, other] = [new Counting(), new Counting()]
    const ofMany = 'fieldSelector=metadata.name=many&includeObject=Object'
    const watches = [await watch(accept, ofMany, one), await watch(accept, ofMany, other)]
    const changed = async () => {
      const seen = one.writes + 1
      assert.is((await ask('PATCH', many, `{"data":{"k0":"${performance.now()}"}}`, patch)).status, 200)
      await eventually(async () => one.writes >= seen && other.writes >= seen)
    }
    await changed()
    const turn = await longestTurn(changed, halfTurnMs)
    assert.ok(turn < halfTurnMs, `a turn took ${turn} ms`)
    assert.is(one.bytes, other.bytes)
    for (const stop of watches) stop()
  }
  assert.is((await ask('DELETE', many)).status, 200)
})

test('tens of thousands of conflicts are told of in turns', async () => {
  const apply = { 'content-type': 'application/apply-patch+yaml' }
  const body = (value: string) => configMap('applied', Array.from({ length: 40_000 }, (_, i) => `"k${i}":"${value}"`).join(','))
  const applied = `${configMaps}/applied`
  assert.is((await ask('PATCH', `${applied}?fieldManager=a`, body('a'), apply)).status, 201)
  let answer = { status: 0, text: '' }
  const run = async () => {
    answer = await ask('PATCH', `${applied}?fieldManager=b`, body('b'), apply)
  }
  // Compiled once, as in a server that has run for a while.
  await run()
  const turn = await longestTurn(run, halfTurnMs)
  assert.is(answer.status, 409)
  assert.is(JSON.parse(answer.text).details.causes.length, 40_000)
  assert.ok(turn < halfTurnMs, `a turn took ${turn} ms`)
  assert.is((await ask('DELETE', applied)).status, 200)
})

const gadgets = '/apis/abuse.io/v1/namespaces/default/gadgets'
const columns = Array.from({ length: 200 }, (_, i) => `{"name":"C${i}","type":"string","jsonPath":".spec.items[*].a${i}"}`)
const gadgetSchema = '{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}'
const gadgetDefinition = `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"gadgets.abuse.io"},"spec":{"group":"abuse.io","scope":"Namespaced","names":{"plural":"gadgets","kind":"Gadget"},"versions":[{"name":"v1","served":true,"storage":true,"schema":${gadgetSchema},"additionalPrinterColumns":[${columns.join(',')}]}]}}`

test('columns that each look through all of a large object are shown in turns, of one and in a list', async () => {
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  assert.is((await ask('POST', definitions, gadgetDefinition, json)).status, 201)
  // Served when the definition is established.
  await eventually(async () => (await ask('GET', gadgets)).status === 200)
  const items = Array.from({ length: 9000 }, (_, i) => `{"a${i % 7}":${i}}`).join(',')
  const gadget = `{"apiVersion":"abuse.io/v1","kind":"Gadget","metadata":{"name":"g"},"spec":{"items":[${items}]}}`
  assert.is((await ask('POST', gadgets, gadget, json)).status, 201)
  for (const target of [`${gadgets}/g`, gadgets]) {
    await ask('GET', target, undefined, { accept: forms.Table })
    const table = JSON.parse(await isAnsweredInTurns(() => ask('GET', target, undefined, { accept: forms.Table })))
    assert.is(table.columnDefinitions.length, 201)
    assert.equal(table.rows[0].cells.slice(0, 9), ['g', '0', '1', '2', '3', '4', '5', '6', null])
  }
})

test('a collection of thousands is deleted in turns, and only looked at in turns when it is a dry run', async () => {
  await isAnsweredInTurns(() => ask('DELETE', `${configMaps}?dryRun=All`))
  // Once: there is nothing left to be deleted again.
  const turn = await longestTurn(() => ask('DELETE', configMaps), Number.POSITIVE_INFINITY)
  assert.ok(turn < mostTurnMs, `a turn took ${turn} ms`)
  assert.is(JSON.parse((await ask('GET', configMaps)).text).items.length, 0)
})

test.run()
