import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { flowOf, inOrder, isMeant } from '../../../src/api/flow-control/matching.ts'
import { requestInfo } from '../../../src/api/pipeline/request-info.ts'
import type { FlowSchema, PolicyRulesWithSubjects } from '../../../src/apimachinery/kinds.generated.ts'

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

test.run()
