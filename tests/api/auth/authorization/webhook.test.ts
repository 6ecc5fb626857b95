import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { WebhookSettings } from '../../../../src/api/auth/authorization/configuration.ts'
import { compileMatchConditions } from '../../../../src/api/auth/authorization/match-conditions.ts'
import { AuthorizationMetrics } from '../../../../src/api/auth/authorization/metrics.ts'
import { reviewObject, reviewSpec } from '../../../../src/api/auth/authorization/review.ts'
import { type WebhookAnswer, webhookAuthorizer } from '../../../../src/api/auth/authorization/webhook.ts'
import { createAuthorizer } from '../../../../src/api/auth/authorize.ts'
import type { Attributes } from '../../../../src/api/auth/authorizer.ts'
import { atOnce } from '../../../../src/apimachinery/steps.ts'
import { ObjectsInMemory } from '../objects-in-memory.ts'

const test = suite('authorization webhooks')
const jane = { name: 'jane', uid: '7', groups: ['devs'], extra: { 'a.b/c': ['x'] } }
const ask = (verb = 'list', more: object = {}): Attributes => ({
  user: jane,
  verb,
  resource: { group: '', version: 'v1', resource: 'pods', subresource: '', namespace: 'x', name: '', ...more },
})

/** A webhook that answers what `answers` hold, one after the other (the last one for ever), and what it was asked. */
function webhook(
  answers: readonly (object | number | Error)[],
  settings: Partial<WebhookSettings> = {},
  conditions: string[] = [],
) {
  const asked: { spec: Record<string, unknown> }[] = []
  const pauses: number[] = []
  const metrics = new AuthorizationMetrics()
  const clock = { now: 0 }
  const authorize = webhookAuthorizer({
    name: 'w',
    settings: {
      authorizedTtlMs: 300_000,
      unauthorizedTtlMs: 30_000,
      timeoutMs: 3000,
      version: 'v1',
      failurePolicy: 'NoOpinion',
      kubeConfigFile: '/k',
      matchConditions: compileMatchConditions(conditions, 'matchConditions'),
      ...settings,
    },
    metrics,
    now: () => clock.now,
    random: () => 0,
    pause: async (ms) => void pauses.push(ms),
    ask: async (review): Promise<WebhookAnswer> => {
      const answer = answers[Math.min(asked.length, answers.length - 1)]
      asked.push(review as never)
      if (answer instanceof Error) throw answer
      if (typeof answer === 'number') return { status: answer, text: 'oops', isText: true, retryAfter: false }
      return {
        status: 200,
        text: JSON.stringify({ kind: 'SubjectAccessReview', status: answer }),
        isText: false,
        retryAfter: false,
      }
    },
  })
  return { authorize, asked, pauses, clock, lines: () => [...metrics.lines()] }
}

const quietly = async <T>(act: () => T | Promise<T>): Promise<T> => {
  const { error } = console
  console.error = () => {}
  try {
    return await act()
  } finally {
    console.error = error
  }
}

test('the review says who asks for what, selectors as far as they can be read', () => {
  assert.equal(
    reviewSpec(ask('list', { fieldSelector: 'spec.nodeName=n,status.phase!=Failed', labelSelector: 'app in (a,b),!old,n>1' })),
    {
      resourceAttributes: {
        namespace: 'x',
        verb: 'list',
        version: 'v1',
        resource: 'pods',
        fieldSelector: {
          requirements: [
            { key: 'spec.nodeName', operator: 'In', values: ['n'] },
            { key: 'status.phase', operator: 'NotIn', values: ['Failed'] },
          ],
        },
        labelSelector: {
          requirements: [
            { key: 'app', operator: 'In', values: ['a', 'b'] },
            { key: 'old', operator: 'DoesNotExist' },
          ],
        },
      },
      user: 'jane',
      groups: ['devs'],
      extra: { 'a.b/c': ['x'] },
      uid: '7',
    },
  )
  const broken = reviewSpec(ask('list', { fieldSelector: 'a=\\', labelSelector: '(((' }))
  assert.equal(Object.keys(broken.resourceAttributes ?? {}), ['namespace', 'verb', 'version', 'resource'])
  assert.equal(reviewSpec({ user: { name: 'u', groups: [] }, verb: 'get', path: '/healthz' }), {
    nonResourceAttributes: { path: '/healthz', verb: 'get' },
    user: 'u',
  })
  const old = reviewObject({ user: 'u', groups: ['g'] }, 'v1beta1') as { apiVersion: string; spec: object }
  assert.equal([old.apiVersion, old.spec], ['authorization.k8s.io/v1beta1', { user: 'u', group: ['g'] }])
})

test('allowed, denied and no opinion are told apart, with the reason', async () => {
  const answer = async (status: object) => webhook([status]).authorize(ask())
  assert.equal(await answer({ allowed: true, reason: 'ok' }), { allowed: true, reason: 'ok' })
  assert.equal(await answer({ allowed: false, denied: true, reason: 'no' }), { allowed: false, denied: true, reason: 'no' })
  assert.equal(await answer({ allowed: false }), { allowed: false, reason: '' })
  const both = await answer({ allowed: true, denied: true })
  assert.equal([both.denied, both.error], [true, 'webhook subject access review returned both allow and deny response'])
})

test('answers are kept for their time, allowed ones longer; a request that is long is asked again', async () => {
  const allowed = webhook([{ allowed: true }])
  await allowed.authorize(ask())
  await allowed.authorize(ask())
  assert.is(allowed.asked.length, 1)
  await allowed.authorize(ask('get'))
  assert.is(allowed.asked.length, 2)
  allowed.clock.now = 300_000
  await allowed.authorize(ask())
  assert.is(allowed.asked.length, 3)

  const refused = webhook([{ allowed: false }])
  await refused.authorize(ask())
  refused.clock.now = 29_999
  await refused.authorize(ask())
  refused.clock.now = 30_000
  await refused.authorize(ask())
  assert.is(refused.asked.length, 2)

  const never = webhook([{ allowed: true }], { authorizedTtlMs: 0 })
  await never.authorize(ask())
  await never.authorize(ask())
  const long = ask('get', { name: 'n'.repeat(10_000) })
  await allowed.authorize(long)
  await allowed.authorize(long)
  assert.equal([never.asked.length, allowed.asked.length], [2, 5])
})

test('what may pass is tried five times with growing pauses; other failures decide as the policy says', async () => {
  const passing = webhook([500, 429, new Error('read: connection reset by peer'), { allowed: true }])
  assert.ok((await passing.authorize(ask())).allowed)
  assert.equal(passing.pauses, [500, 750, 1125])

  const down = webhook([500])
  const decision = await quietly(() => down.authorize(ask()))
  assert.equal(decision, {
    allowed: false,
    denied: false,
    reason: '',
    error: 'an error on the server ("oops") has prevented the request from succeeding',
  })
  assert.is(down.asked.length, 5)
  assert.ok(down.lines().includes('apiserver_authorization_webhook_evaluations_fail_open_total{name="w",result="error"} 1'))

  const late = webhook([new Error('Post "https://w/": context deadline exceeded')], { failurePolicy: 'Deny' })
  assert.is((await quietly(() => late.authorize(ask()))).denied, true)
  assert.is(late.asked.length, 1)
  assert.ok(late.lines().includes('apiserver_authorization_webhook_evaluations_total{name="w",result="timeout"} 1'))
  assert.not.ok(late.lines().some((l) => l.startsWith('apiserver_authorization_webhook_evaluations_fail_open_total{')))
})

test('an answer that is no review is a failure', async () => {
  for (const status of [{ allowed: 'yes' }]) {
    const decision = await quietly(() => webhook([status]).authorize(ask()))
    assert.match(decision.error ?? '', /status\.allowed of the answer is not a boolean/)
  }
})

test('match conditions: one that is false spares the webhook, one that fails is the policy’s when none is false', async () => {
  const spared = webhook([{ allowed: true }], {}, ["request.resourceAttributes.namespace == 'kube-system'"])
  assert.equal(await spared.authorize(ask()), { allowed: false, reason: '' })
  assert.is(spared.asked.length, 0)
  assert.ok(spared.lines().includes('apiserver_authorization_match_condition_exclusions_total{name="w",type="Webhook"} 1'))

  const seen = webhook([{ allowed: true }], {}, [
    "has(request.resourceAttributes) && !has(request.nonResourceAttributes) && request.resourceAttributes.subresource == ''",
    "request.user == 'jane' && 'devs' in request.groups && request.uid == '7' && request.extra['a.b/c'] == ['x']",
    "request.resourceAttributes.fieldSelector.requirements.exists(r, r.key == 'spec.nodeName' && r.operator == 'In' && r.values == ['n'])",
    '!has(request.resourceAttributes.labelSelector)',
  ])
  assert.ok((await seen.authorize(ask('list', { fieldSelector: 'spec.nodeName=n' }))).allowed)

  const failing = ['request.extra["none"] == ["x"]']
  const deny = await webhook([{ allowed: true }], { failurePolicy: 'Deny' }, failing).authorize(ask())
  assert.is(deny.denied, true)
  assert.match(
    deny.error ?? '',
    /^cel evaluation error: expression 'request.extra\["none"\] == \["x"\]' resulted in error: no such key: none/,
  )
  const skipped = await webhook([{ allowed: true }], { failurePolicy: 'Deny' }, [...failing, 'request.user == "joe"']).authorize(
    ask(),
  )
  assert.equal(skipped, { allowed: false, reason: '' })
})

test('the chain: the first that allows or denies decides, masters are never asked for, errors are told when nobody allows', async () => {
  const objects = new ObjectsInMemory()
  type Link = readonly [type: string, status: object | number]
  const chain = (...links: readonly Link[]) =>
    createAuthorizer(objects, {
      chosen: links.map(([type, status]) =>
        type === 'Webhook'
          ? { type, name: 'w', webhook: webhook([status], { failurePolicy: 'NoOpinion' }).authorize }
          : { type: type as 'RBAC', name: type.toLowerCase() },
      ),
    })
  const decide = (...links: readonly Link[]) => quietly(() => chain(...links).authorize(ask()))
  const allow = ['AlwaysAllow', {}] as const
  assert.equal(await decide(['RBAC', {}], ['Webhook', { denied: true, reason: 'no' }], allow), {
    allowed: false,
    denied: true,
    reason: 'no',
  })
  assert.ok((await decide(['Webhook', { allowed: false }], allow)).allowed)
  assert.ok((await decide(['Webhook', 500], allow)).allowed)
  const nobody = await decide(['Webhook', 500], ['AlwaysDeny', {}])
  assert.is(nobody.reason, 'Everything is forbidden.')
  assert.match(nobody.error ?? '', /^an error on the server/)
  const master = { name: 'admin', groups: ['system:masters'] }
  assert.ok((await chain(['AlwaysDeny', {}]).authorize({ ...ask(), user: master })).allowed)
  const rules = atOnce(chain(['Webhook', {}], ['AlwaysAllow', {}]).rulesFor(jane, 'x'))
  assert.equal([rules.incomplete, rules.problems], [true, ['webhook authorizer does not support user rule resolution']])
})

test('decisions are counted by authorizer', async () => {
  const metrics = new AuthorizationMetrics()
  const { authorize } = createAuthorizer(new ObjectsInMemory(), {
    chosen: [{ type: 'AlwaysAllow', name: 'alwaysallow' }],
    metrics,
  })
  await authorize(ask())
  assert.ok(
    [...metrics.lines()].includes(
      'apiserver_authorization_decisions_total{decision="allowed",name="alwaysallow",type="AlwaysAllow"} 1',
    ),
  )
})

test.run()
