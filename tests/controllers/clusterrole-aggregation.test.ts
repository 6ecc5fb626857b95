import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ClusterRole, LabelSelector, PolicyRule } from '../../src/apimachinery/kinds.generated.ts'
import { clusterroles } from '../../src/apimachinery/resources.generated.ts'
import { clusterRoleAggregationController } from '../../src/controllers/clusterrole-aggregation.ts'
import { startTestServer, type TestServer } from '../../src/testkit/test-server.ts'
import { longestTurn, mostTurnMs } from '../api/abuse/turns.ts'

const test = suite('aggregated cluster roles')
let server: TestServer
test.before(async () => {
  server = await startTestServer({ controllers: ['clusterrole-aggregation-controller'] })
})
test.after(() => server.stop())

const reads = (...resources: string[]): PolicyRule => ({ verbs: ['get'], apiGroups: [''], resources })
const role = (
  name: string,
  labels: Record<string, string>,
  rules: PolicyRule[],
  selectors: LabelSelector[] = [],
): ClusterRole => ({
  metadata: { name, labels },
  rules,
  ...(selectors.length > 0 ? { aggregationRule: { clusterRoleSelectors: selectors } } : {}),
})
const rulesBecome = (name: string, rules: PolicyRule[] | undefined) =>
  server.eventually(async () => {
    const now = await server.client.get(clusterroles, name)
    return JSON.stringify(now.rules ?? []) === JSON.stringify(rules ?? [])
  })

test('rules are those of the roles that any selector finds, by name, each once, and go with them', async () => {
  const { client } = server
  await client.create(clusterroles, role('b', { x: '1' }, [reads('b'), reads('shared')]))
  await client.create(clusterroles, role('a', { y: '2' }, [reads('a'), reads('shared')]))
  const expression = { matchExpressions: [{ key: 'y', operator: 'In', values: ['1', '2'] }] }
  await client.create(clusterroles, role('sum', {}, [], [{ matchLabels: { x: '1' } }, expression]))
  await rulesBecome('sum', [reads('b'), reads('shared'), reads('a')])
  await client.delete(clusterroles, 'b')
  await rulesBecome('sum', [reads('a'), reads('shared')])
  await client.delete(clusterroles, 'a')
  await rulesBecome('sum', [])
})

// kube-controller-manager applies no rules at all then.
test('where no role is found, rules that somebody else wrote stay', async () => {
  const { client } = server
  await client.create(clusterroles, role('own', {}, [reads('own')], [{ matchLabels: { z: 'own' } }]))
  await client.create(clusterroles, role('found', { z: 'later' }, [reads('found')]))
  // The controller has looked at `own` when it has at what came after it.
  await client.create(clusterroles, role('witness', {}, [], [{ matchLabels: { z: 'later' } }]))
  await rulesBecome('witness', [reads('found')])
  assert.equal((await client.get(clusterroles, 'own')).rules, [reads('own')])
})

test('nobody waits while the rules of two thousand roles are put together', async () => {
  const sources = Array.from({ length: 2000 }, (_, i) => ({
    metadata: { name: `r${i}`, labels: { a: 'b' } },
    rules: Array.from({ length: 5 }, (_, j) => ({ verbs: ['get'], apiGroups: [`g${i}`], resources: [`x${j}`] })),
  }))
  const role = { metadata: { name: 'whole' }, aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } }
  let given = 0
  const client = {
    apply: async (_: unknown, { rules }: { rules: unknown[] }) => {
      given = rules.length
    },
  }
  const context = { client, informers: { of: () => ({ list: () => sources }) } } as unknown as Parameters<
    typeof clusterRoleAggregationController.reconcile
  >[1]
  const turn = await longestTurn(async () => void (await clusterRoleAggregationController.reconcile(role, context)))
  assert.is(given, 10_000)
  assert.ok(turn < mostTurnMs, `a turn of ${turn.toFixed(0)} ms`)
})

test.run()
