import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { limitsOf } from '../../../src/api/flow-control/flow-control.ts'
import { Level } from '../../../src/api/flow-control/level.ts'
import { flowOf, inOrder, isMeant } from '../../../src/api/flow-control/matching.ts'
import { requestInfo } from '../../../src/api/pipeline/request-info.ts'
import type {
  FlowSchema,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
} from '../../../src/apimachinery/kinds.generated.ts'

const never = () => new AbortController().signal
const info = (path: string, method = 'GET') => requestInfo(method, path, new URLSearchParams())
const jane = { name: 'jane', groups: ['system:authenticated'] }
const account = { name: 'system:serviceaccount:shop:web', groups: [] }
const schema = (rule: PolicyRulesWithSubjects) => ({ priorityLevelConfiguration: { name: 'l' }, rules: [rule] })
const everyone = [{ kind: 'Group', group: { name: '*' } }]

test('a schema means the requests of its subjects that one of its rules names', () => {
  const pods = schema({
    subjects: [{ kind: 'ServiceAccount', serviceAccount: { namespace: 'shop', name: '*' } }],
    resourceRules: [{ verbs: ['list'], apiGroups: [''], resources: ['pods'], namespaces: ['shop'] }],
  })
  assert.ok(isMeant(pods, info('/api/v1/namespaces/shop/pods'), account))
  assert.not(isMeant(pods, info('/api/v1/namespaces/shop/pods'), jane))
  assert.not(isMeant(pods, info('/api/v1/namespaces/other/pods'), account))
  assert.not(isMeant(pods, info('/api/v1/pods'), account), 'a list of all namespaces needs clusterScope')
  assert.not(isMeant(pods, info('/api/v1/namespaces/shop/pods/x/log'), account), 'a subresource is another resource')
})

test('a path means what is below it', () => {
  const health = schema({ subjects: everyone, nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/livez'] }] })
  assert.ok(isMeant(health, info('/livez'), jane))
  assert.ok(isMeant(health, info('/livez/ping'), jane))
  assert.not(isMeant(health, info('/livezz'), jane))
})

test('schemas are asked by precedence, then by name', () => {
  const one = (name: string, matchingPrecedence: number): FlowSchema => ({
    metadata: { name },
    spec: { priorityLevelConfiguration: { name: 'l' }, matchingPrecedence },
  })
  assert.equal(
    inOrder([one('c', 5), one('b', 9000), one('a', 5)]).map((s) => s.metadata.name),
    ['a', 'c', 'b'],
  )
})

test('flows are told apart by user or by namespace', () => {
  const by = (type: string) => ({ priorityLevelConfiguration: { name: 'l' }, distinguisherMethod: { type } })
  assert.is(flowOf(by('ByUser'), info('/api/v1/namespaces/a/pods'), jane), 'jane')
  assert.is(flowOf(by('ByNamespace'), info('/api/v1/namespaces/a/pods'), jane), 'a')
})

test('a level has its share of all places, and lines only if it queues', () => {
  const level = (name: string, nominalConcurrencyShares: number, limitResponse: object): PriorityLevelConfiguration => ({
    metadata: { name },
    spec: { type: 'Limited', limited: { nominalConcurrencyShares, limitResponse: limitResponse as never } },
  })
  const queuing = { queues: 4, handSize: 2, queueLengthLimit: 5 }
  const limits = limitsOf([level('a', 30, { type: 'Queue', queuing }), level('b', 10, { type: 'Reject' })], 600)
  assert.equal(limits.get('a'), { seats: 450, waitingOfFlow: 10, waiting: 20 })
  assert.equal(limits.get('b'), { seats: 150, waitingOfFlow: 0, waiting: 0 })
})

test('who finds no place waits, flow by flow in turn', async () => {
  const level = new Level({ seats: 1, waitingOfFlow: 5, waiting: 10 })
  const order: string[] = []
  assert.is(level.enter('a', never), undefined)
  const waits = ['a1', 'a2', 'b1'].map((name) => level.enter(name[0] ?? '', never)?.then(() => order.push(name)))
  for (let i = 0; i < 3; i++) {
    level.leave()
    await Promise.race(waits.slice(i))
  }
  await Promise.all(waits)
  assert.equal(order, ['a1', 'b1', 'a2'])
})

test('who finds no line is refused with 429, and so is who has waited too long', async () => {
  const refused = (e: { code: number }) => e.code === 429
  const level = new Level({ seats: 1, waitingOfFlow: 1, waiting: 10 })
  const tooLong = new AbortController()
  assert.is(level.enter('a', never), undefined)
  const waiting = level.enter('a', () => tooLong.signal)
  assert.throws(() => level.enter('a', never), refused)
  tooLong.abort()
  await waiting?.then(
    () => assert.unreachable(),
    (e) => assert.ok(refused(e)),
  )
  level.leave()
  assert.is(level.enter('a', never), undefined, 'no place is lost')
})

test.run()
