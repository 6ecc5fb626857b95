import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Pod, ResourceQuota } from '../../src/apimachinery/kinds.generated.ts'
import { pods, resourcequotas } from '../../src/apimachinery/resources.generated.ts'
import { atOnce, inTurns } from '../../src/apimachinery/steps.ts'
import { usedBy } from '../../src/controllers/resourcequota.ts'
import { longestTurn, mostTurnMs } from '../api/abuse/turns.ts'
import { startCluster } from './cluster.ts'

const pod = (
  requests: Record<string, string>,
  part: Partial<NonNullable<Pod['spec']>> = {},
  phase: 'Running' | 'Failed' = 'Running',
): Pod => ({
  metadata: {},
  spec: { containers: [{ name: 'c', resources: { requests } }], ...part },
  status: { phase },
})
const quota = (hard: Record<string, string>, scopes: string[] = []): ResourceQuota => ({
  metadata: {},
  spec: { hard, scopes: scopes as never },
})

test('requests are summed in the format they are written in; finished pods count only as objects', () => {
  const contents = new Map([
    ['pods', [pod({ cpu: '500m', memory: '1Gi' }), pod({ cpu: '1', memory: '512Mi' }), pod({ cpu: '9' }, {}, 'Failed')]],
  ])
  const hard = { pods: '10', 'requests.cpu': '4', cpu: '4', memory: '8Gi', 'count/pods': '10', secrets: '5' }
  assert.equal(atOnce(usedBy(quota(hard), contents)), {
    pods: '2',
    'requests.cpu': '1500m',
    cpu: '1500m',
    memory: '1536Mi',
    'count/pods': '3',
    secrets: '0',
  })
})

test('a scope counts only pods within it', () => {
  const contents = new Map([['pods', [pod({}), pod({ cpu: '1' }), pod({ cpu: '1' }, { activeDeadlineSeconds: 5 })]]])
  assert.is(atOnce(usedBy(quota({ pods: '9' }, ['BestEffort']), contents)).pods, '1')
  assert.is(atOnce(usedBy(quota({ pods: '9' }, ['NotBestEffort', 'NotTerminating']), contents)).pods, '1')
})

test('nobody waits while the pods of a large namespace are counted', async () => {
  const containers = ['a', 'b', 'c'].map((name) => ({ name, resources: { requests: { cpu: '100m', memory: '128Mi' } } }))
  const many = Array.from({ length: 20_000 }, () => pod({}, { containers }))
  const counted = quota({ pods: '1', 'requests.cpu': '1' }, ['NotTerminating', 'NotBestEffort'])
  const turn = await longestTurn(async () => {
    assert.is((await inTurns(usedBy(counted, new Map([['pods', many]]))))['requests.cpu'], '6k')
  })
  assert.ok(turn < mostTurnMs, `a turn of ${turn.toFixed(0)} ms`)
})

test('in a cluster the status follows what comes and goes, of any kind', async () => {
  const c = await startCluster()
  try {
    await c.client.create(resourcequotas, {
      metadata: { name: 'q', namespace: 'default' },
      spec: { hard: { pods: '5', 'count/deployments.apps': '3' } },
    })
    const used = () => c.get(resourcequotas, 'q').then((q) => q?.status?.used ?? {})
    await c.until('counted', async () => (await used()).pods === '0')
    await c.client.create(pods, {
      metadata: { name: 'p', namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'x' }] },
    })
    await c.until('one pod', async () => (await used()).pods === '1')
    await c.client.delete(pods, 'p', { namespace: 'default', gracePeriodSeconds: 0 })
    await c.until('none', async () => (await used()).pods === '0')
    assert.is((await used())['count/deployments.apps'], '0')
  } finally {
    await c.stop()
  }
})

test.run()
