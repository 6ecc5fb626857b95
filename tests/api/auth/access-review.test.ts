import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { reviewSubjectAccess } from '../../../src/api/auth/access-review.ts'
import type { Attributes } from '../../../src/api/auth/authorizer.ts'
import type { SubjectAccessReview } from '../../../src/apimachinery/kinds.generated.ts'
import { StatusError } from '../../../src/apimachinery/status.ts'

type Which = 'fieldSelector' | 'labelSelector'
const whichs: Which[] = ['fieldSelector', 'labelSelector']
const wants = (key: string, operator: string, ...values: string[]) => ({ key, operator, ...(values.length ? { values } : {}) })

/** What the authorizer is asked, and what the answer says of the selector. Every text is that of kube-apiserver 1.36.3. */
async function ask(which: Which, selector: object): Promise<{ asked: string | undefined; problem: string }> {
  let asked: Attributes | undefined
  const spec = { user: 'jane', resourceAttributes: { verb: 'list', resource: 'pods', [which]: selector } }
  try {
    const { status } = await reviewSubjectAccess({ spec } as unknown as SubjectAccessReview, (attributes) => {
      asked = attributes
      return { allowed: false, reason: '' }
    })
    return { asked: asked?.resource?.[which], problem: status?.evaluationError ?? '' }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    return { asked: undefined, problem: error.message.replace(/^.*is invalid: /, '').replaceAll(which, 'X') }
  }
}
const ignored = (which: Which, partially = '') => `spec.resourceAttributes.${which} ${partially}ignored due to parse error`

test('a raw selector is asked about as it is, if it can be understood', async () => {
  for (const which of whichs) {
    assert.equal(await ask(which, { rawSelector: 'a=b,c!=d' }), { asked: 'a=b,c!=d', problem: '' })
    for (const rawSelector of ['a~b', 'a in (b'])
      assert.equal(await ask(which, { rawSelector }), { asked: undefined, problem: ignored(which) }, rawSelector)
  }
  // An empty term is none to fields, and wrong to labels.
  assert.is((await ask('fieldSelector', { rawSelector: ',' })).problem, '')
  assert.is((await ask('labelSelector', { rawSelector: ',' })).problem, ignored('labelSelector'))
})

test('requirements that an authorizer cannot be asked about are left out, and the answer says so', async () => {
  assert.equal(await ask('fieldSelector', { requirements: [wants('a', 'In', 'b'), wants('c', 'NotIn', 'd')] }), {
    asked: 'a=b,c!=d',
    problem: '',
  })
  for (const one of [wants('a', 'In', 'b', 'c'), wants('a', 'Exists'), wants('a', 'Foo', 'b')])
    assert.is((await ask('fieldSelector', { requirements: [one] })).problem, ignored('fieldSelector'), one.operator)
  assert.equal(await ask('labelSelector', { requirements: [wants('a', 'In', 'b', 'c'), wants('d', 'Exists')] }), {
    asked: 'a in (b,c),d',
    problem: '',
  })
  for (const which of whichs) {
    const { asked, problem } = await ask(which, { requirements: [wants('a', 'NotIn', 'b'), wants('c', 'Bar')] })
    assert.ok(asked)
    assert.is(problem, ignored(which, 'partially '))
  }
})

test('a selector that says nothing, or says it twice, is invalid', async () => {
  const at = 'spec.resourceAttributes.X'
  const missing = `${at}.requirements: Required value: when ${at} is specified, requirements or rawSelector is required`
  const values = `${at}.requirements[0].values`
  for (const which of whichs) {
    for (const selector of [{}, { rawSelector: '' }, { requirements: [] }])
      assert.is((await ask(which, selector)).problem, missing)
    const { problem } = await ask(which, { rawSelector: 'a=b', requirements: [wants('a', 'In', 'b')] })
    assert.match(problem, `${at}.rawSelector: Invalid value: "a=b": may not specified at the same time`)
    const one = async (requirement: object) => (await ask(which, { requirements: [requirement] })).problem
    assert.is(await one(wants('a', 'In')), `${values}: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`)
    assert.match(await one(wants('a', 'Exists', 'b')), `${values}: Forbidden: may not be specified when \`operator\` is 'Exists'`)
  }
  assert.is(
    (await ask('fieldSelector', { requirements: [wants('', 'In', 'b')] })).problem,
    `${at}.requirements[0].key: Required value: must be specified`,
  )
  assert.match(
    (await ask('labelSelector', { requirements: [wants('a!', 'Exists')] })).problem,
    `${at}.requirements[0].key: Invalid`,
  )
  assert.match((await ask('labelSelector', { requirements: [wants('a', 'In', '-b')] })).problem, `${values}[0]: Invalid`)
})

test.run()
