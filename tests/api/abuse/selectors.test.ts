import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asking } from './asking.ts'
import { longestTurn, mostTurnMs } from './turns.ts'

const { ask } = await asking()
const configMaps = '/api/v1/namespaces/default/configmaps'
const objects = 2000
/** What fits into the headers of a request. */
const most = 120_000

test.before(async () => {
  const made = (i: number) => `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"s${i}","labels":{"a":"b","c":"d"}}}`
  for (let i = 0; i < objects; i++) await ask('POST', configMaps, made(i), { 'content-type': 'application/json' })
})

/** As many of these as a request may carry. */
function many(term: (i: number) => string): string {
  let text = term(0)
  for (let i = 1; text.length < most; i++) text += `,${term(i)}`
  return text
}

const selectors: readonly (readonly [name: string, selector: string, found: number])[] = [
  ['keys that no object has', many((i) => `!k${i}`), objects],
  ['keys, one of which each object has', many((i) => `a!=v${i}`), objects],
  ['the same requirement again and again', many(() => 'a=b'), objects],
  ['keys that an object would have to have', many((i) => `k${i}`), 0],
  ['values of one key', `a notin (${many((i) => `v${i}`)})`, objects],
]

for (const [name, selector, found] of selectors) {
  test(`a label selector of a hundred thousand letters costs no more for each object than a short one: ${name}`, async () => {
    let answer = { status: 0, text: '' }
    const turn = await longestTurn(async () => {
      answer = await ask('GET', `${configMaps}?labelSelector=${encodeURIComponent(selector)}`)
    })
    assert.is(answer.status, 200, answer.text.slice(0, 300))
    assert.is(JSON.parse(answer.text).items.length, found)
    assert.ok(turn < mostTurnMs, `a turn took ${turn} ms`)
  })
}

const byName = many((i) => `metadata.name!=x${i}`)

test('a field selector of a hundred thousand letters costs no more for each object than a short one', async () => {
  for (const [selector, found] of [
    [byName, objects],
    [`${byName},metadata.name=s7`, 1],
    ['metadata.name=s7,metadata.name=s8', 0],
    ['metadata.name=s7,metadata.name!=s7', 0],
  ] as const) {
    let answer = { status: 0, text: '' }
    const turn = await longestTurn(async () => {
      answer = await ask('GET', `${configMaps}?fieldSelector=${encodeURIComponent(selector)}`)
    })
    assert.is(JSON.parse(answer.text).items.length, found)
    assert.ok(turn < mostTurnMs, `a turn took ${turn} ms`)
  }
})

test('a review of access with a selector of megabytes is answered without it, and says so', async () => {
  const reviews = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
  for (const [name, term] of [
    ['labelSelector', 'a=b,'],
    ['fieldSelector', 'a=b,'],
  ] as const) {
    const resourceAttributes = { verb: 'list', resource: 'pods', [name]: { rawSelector: `${term.repeat(500_000)}c=d` } }
    const body = JSON.stringify({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user: 'a', resourceAttributes },
    })
    let answer = { status: 0, text: '' }
    const turn = await longestTurn(async () => {
      answer = await ask('POST', reviews, body, { 'content-type': 'application/json' })
    })
    assert.is(answer.status, 201)
    assert.match(JSON.parse(answer.text).status.evaluationError, `spec.resourceAttributes.${name} ignored`)
    assert.ok(turn < mostTurnMs, `a turn took ${turn} ms`)
  }
})

test.run()
