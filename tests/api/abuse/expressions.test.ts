import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../../eventually.ts'
import { asking } from './asking.ts'
import { longestTurn, mostTurnMs } from './turns.ts'

const { ask } = await asking()
const json = { 'content-type': 'application/json' }
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
let count = 0
let made = 0

interface Answer {
  readonly status: number
  readonly text: string
  readonly turn: number
}

/** What was answered, and the longest turn that it took. */
async function timed(run: () => Promise<{ status: number; text: string }>): Promise<Answer> {
  let answer = { status: 0, text: '' }
  const turn = await longestTurn(async () => {
    answer = await run()
  })
  return { ...answer, turn }
}

/** Defines a kind with this schema of its spec. */
const define = (spec: object): Promise<Answer> =>
  timed(() => {
    count++
    const names = { plural: `a${count}s`, singular: `a${count}`, kind: `A${count}`, listKind: `A${count}List` }
    const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } }
    const body = JSON.stringify({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${names.plural}.b.io` },
      spec: { group: 'b.io', names, scope: 'Namespaced', versions: [{ name: 'v1', served: true, storage: true, schema }] },
    })
    return ask('POST', definitions, body, json)
  })

/** Makes an object of the kind that was defined last, as soon as it is served. */
async function make(spec: object): Promise<Answer> {
  const target = `/apis/b.io/v1/namespaces/default/a${count}s`
  await eventually(async () => (await ask('GET', target)).status !== 404)
  const metadata = { name: `x${++made}` }
  const body = JSON.stringify({ apiVersion: 'b.io/v1', kind: `A${count}`, metadata, spec })
  return timed(() => ask('POST', target, body, json))
}

const list = (rule: string, more: object = {}) => ({
  type: 'object',
  properties: { a: { type: 'array', items: { type: 'string' }, ...more } },
  'x-kubernetes-validations': [{ rule }],
})
const text = (more: object) => ({ type: 'object', properties: { a: { type: 'string', ...more } } })
const ten = '[1,2,3,4,5,6,7,8,9,10]'

function isClear({ status, text: answer, turn }: Answer, ...statuses: number[]): void {
  assert.ok(statuses.includes(status), `${status} ${answer.slice(0, 300)}`)
  assert.ok(turn < mostTurnMs, `a turn took ${turn} ms`)
}

test.before(async () => {
  await define(list('self.a.all(x, x.matches("a+"))', { maxItems: 3 }))
  await make({ a: ['a'] })
})

test('a pattern that takes other engines for ever is matched in time', async () => {
  isClear(await define(text({ pattern: '^(a+)+$' })), 201)
  isClear(await make({ a: `${'a'.repeat(100_000)}!` }), 422)
})

test('a long text is matched without asking where', async () => {
  for (const pattern of ['^(a+)+$', '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', '(?i)aa!aa', '^[a-z]+$', '^\\w*$']) {
    isClear(await define(text({ pattern })), 201)
    isClear(await make({ a: `${'a'.repeat(1_400_000)}!` }), 422)
  }
})

test('patterns by the thousand are compiled in turns, and the one that is none is told', async () => {
  const properties = (more: object) => ({
    type: 'object',
    properties: Object.fromEntries([
      ...Array.from({ length: 2000 }, (_, i) => [`p${i}`, { type: 'string', pattern: `^x${i}[a-z0-9]([-a-z0-9]*[a-z0-9])?$` }]),
      ...Object.entries(more),
    ]),
  })
  isClear(await define(properties({})), 201)
  const refused = await define(properties({ z: { type: 'string', pattern: '(' } }))
  isClear(refused, 422)
  assert.match(
    refused.text,
    /properties\[z\]\.pattern: Invalid value: \\"\(\\": must be a valid regular expression, but isn't: error parsing/,
  )
})

test('patterns that would make machines of a million states are refused', async () => {
  isClear(await define(text({ pattern: '(x{1000}){1000}' })), 422)
  isClear(await define(text({ pattern: `${'('.repeat(5000)}a${')'.repeat(5000)}` })), 422)
})

test('rules whose cost has no bound are refused when the kind is defined', async () => {
  isClear(await define(list('self.a.all(x, self.a.all(y, self.a.all(z, x != y || y != z)))')), 422)
  const bomb = `${ten}.all(a,${ten}.all(b,${ten}.all(c,${ten}.all(d,${ten}.all(e,${ten}.all(f,${ten}.all(g,true)))))))`
  isClear(await define(list(bomb)), 422)
})

test('rules that are nested or chained thousands of times are refused or taken, and do no harm', async () => {
  isClear(await define(list(`${'('.repeat(2000)}true${')'.repeat(2000)}`)), 422)
  isClear(await define(list(`${'!'.repeat(20_000)}true`)), 201)
  isClear(await define(list(`${'['.repeat(5000)}${']'.repeat(5000)}.size() > 0`)), 422)
  isClear(await define(list(`${Array(5000).fill('1').join('+')} == 5000`)), 422)
  isClear(await define(list(Array(5000).fill('true').join(' || '))), 201)
})

test('rules as long as they may be are read in turns, and so is what is wrong with them', async () => {
  isClear(await define(list(Array(14_000).fill('1==1').join('||'))), 201)
  isClear(await define(list(`[${Array(49_000).fill('1').join(',')}].size() > 0`)), 201)
  isClear(await define(list('#'.repeat(99_999))), 422)
  isClear(await define(list(Array(25_000).fill('a').join('||'))), 422)
  isClear(await define(list(Array(5400).fill('a').join('||'))), 422)
})

test('a rule with a bound is not run on a value that is past it', async () => {
  isClear(
    await define(list('self.a.all(x, self.a.exists_one(y, x == y))', { maxItems: 100, items: { type: 'string', maxLength: 9 } })),
    201,
  )
  isClear(await make({ a: Array.from({ length: 20_000 }, (_, i) => `v${i}`) }), 422)
})

const listOf = (type: 'set' | 'map', items: object, more: object = {}) => ({
  type: 'object',
  properties: { a: { type: 'array', 'x-kubernetes-list-type': type, items, ...more } },
})
const keyed = { type: 'object', required: ['k'], properties: { k: { type: 'string' } } }

test('a list whose items must differ is compared in one pass', async () => {
  isClear(await define(listOf('set', { type: 'string' })), 201)
  isClear(await make({ a: Array.from({ length: 5000 }, () => 'v') }), 422)
  isClear(await define(listOf('set', { ...keyed, 'x-kubernetes-map-type': 'atomic' })), 201)
  isClear(await make({ a: Array.from({ length: 2500 }, (_, i) => ({ k: `k${i}` })) }), 201)
  isClear(await define(listOf('map', keyed, { 'x-kubernetes-list-map-keys': ['k'] })), 201)
  isClear(await make({ a: Array.from({ length: 6000 }, (_, i) => ({ k: `k${i}` })) }), 201)
})

test('a value is looked up in an enum, and what the enum allows is told once for each value, up to a size', async () => {
  const values = Array.from({ length: 10_000 }, (_, i) => `v${i}`)
  isClear(await define({ type: 'object', properties: { a: { type: 'array', items: { type: 'string', enum: values } } } }), 201)
  isClear(await make({ a: Array.from({ length: 10_000 }, () => 'v9999') }), 201)
  const wrong = await make({ a: Array.from({ length: 10_000 }, () => 'v') })
  isClear(wrong, 422)
  assert.ok(wrong.text.length < 4 * 1024 * 1024, `${wrong.text.length} letters`)
  assert.ok(wrong.text.includes('spec.a[1]: Unsupported value'))
})

test('a default under `__proto__` reaches no prototype', async () => {
  const properties = JSON.parse(
    '{"__proto__":{"type":"object","default":{"polluted":1}},"constructor":{"type":"string","default":"x"}}',
  )
  const defined = await define({ type: 'object', properties })
  assert.ok(defined.status < 500, defined.text)
  if (defined.status === 201) assert.ok((await make(JSON.parse('{"__proto__":{"polluted":1}}'))).status < 500)
  assert.is(({} as { polluted?: unknown }).polluted, undefined)
})

test.run()
