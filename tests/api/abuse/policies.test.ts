import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sending } from '../sending.ts'
import { asking } from './asking.ts'
import { longestTurn, mostTurnMs } from './turns.ts'

/** Expressions as long as cel-go takes them, and as many as a request may carry: read, checked and compiled in turns. */
const { ask } = await asking()
const json = { 'content-type': 'application/json' }
const group = '/apis/admissionregistration.k8s.io/v1'
const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }]

/** `of` repeated up to nearly the 100,000 letters that an expression may have. */
const long = (of: string, between: string): string =>
  Array(Math.floor(99_900 / (of.length + between.length)))
    .fill(of)
    .join(between)

const expressions: readonly (readonly [name: string, expression: string, status: number])[] = [
  ['a chain of conditions', long("object.metadata.name != 'x'", ' && '), 201],
  ['a list', `[${long('1', ',')}].size() > 0`, 201],
  ['no expression at all', long('#', ''), 422],
  ['variables that nobody declared', long('a', '||'), 422],
]

const policy = (kind: string, spec: object): object => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  metadata: { name: 'p' },
  spec: { matchConstraints: { resourceRules: rules }, ...spec },
})

type Body = (expression: string) => object

const webhook: Body = (expression) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'w' },
  webhooks: [
    {
      name: 'a.b.io',
      clientConfig: { url: 'https://a.b.io' },
      rules,
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      matchConditions: [{ name: 'm', expression }],
    },
  ],
})

const validations: Body = (expression) =>
  policy('ValidatingAdmissionPolicy', {
    validations: Array(4).fill({ expression, messageExpression: `${expression} ? '' : ''` }),
  })

const mutations: Body = (expression) => {
  const patch = `${expression} ? [JSONPatch{op: "remove", path: "/a"}] : []`
  const mutation = { patchType: 'JSONPatch', jsonPatch: { expression: patch } }
  return policy('MutatingAdmissionPolicy', { mutations: Array(4).fill(mutation), reinvocationPolicy: 'Never' })
}

const places: readonly (readonly [name: string, plural: string, body: Body])[] = [
  ['the validations of a policy', 'validatingadmissionpolicies', validations],
  ['the mutations of a policy', 'mutatingadmissionpolicies', mutations],
  ['a match condition of a webhook', 'validatingwebhookconfigurations', webhook],
]

for (const [place, plural, body] of places)
  for (const [name, expression, status] of expressions) {
    test(`${place}, as long as they may be, ${name}: nobody waits 50 ms for it`, async () => {
      const bytes = Buffer.from(JSON.stringify(body(expression)))
      let answer = { status: 0, text: '' }
      const turn = await longestTurn(async () => {
        answer = await ask('POST', `${group}/${plural}?dryRun=All`, bytes, json)
      })
      assert.is(answer.status, status, answer.text.slice(0, 300))
      assert.ok(turn < mostTurnMs, `a turn took ${turn} ms`)
    })
  }

test('the first request that a policy means does not wait for all of its expressions at a stretch, nor do others', async () => {
  const send = await sending()
  let count = 0
  const expression = long("object.metadata.name != 'x'", ' && ')
  const meant = [{ ...rules[0], resources: ['configmaps'] }]
  const define = async (): Promise<void> => {
    const name = `first${++count}`
    const made = policy('ValidatingAdmissionPolicy', {
      matchConstraints: { resourceRules: meant },
      validations: Array(5).fill({ expression }),
    })
    const spec = { policyName: name, validationActions: ['Deny'] }
    const kind = 'ValidatingAdmissionPolicyBinding'
    const binding = { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name }, spec }
    const create = async (plural: string, body: object): Promise<void> =>
      assert.is((await send('POST', `${group}/${plural}`, { ...body, metadata: { name } })).status, 201)
    await create('validatingadmissionpolicies', made)
    await create('validatingadmissionpolicybindings', binding)
  }
  const post = (name: string) => send('POST', '/api/v1/namespaces/default/configmaps?dryRun=All', { metadata: { name } })
  const turn = await longestTurn(async () => {
    await define()
    assert.is((await post('a')).status, 201)
    assert.is((await post('x')).status, 422)
  })
  assert.ok(turn < mostTurnMs, `a turn took ${turn} ms`)
})

test.run()
