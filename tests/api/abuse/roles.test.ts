import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createAuthorizer } from '../../../src/api/auth/authorize.ts'
import type { UserInfo } from '../../../src/api/request.ts'
import type { PolicyRule } from '../../../src/apimachinery/kinds.generated.ts'
import { clusterrolebindings, clusterroles } from '../../../src/apimachinery/resources.generated.ts'
import type { Client } from '../../../src/client/client.ts'
import { inProcessClient } from '../../../src/client/in-process.ts'
import { admin, testApi } from '../test-api.ts'
import { longestTurn, mostTurnMs } from './turns.ts'

/** A user whom thousands of bindings give something, and roles that name more than anybody holds. */
const count = 2000
const group = 'rbac.authorization.k8s.io'
const jane: UserInfo = { name: 'jane', groups: ['system:authenticated'] }
const never = new AbortController().signal
const reviews = '/apis/authorization.k8s.io/v1'

const { api } = await testApi({
  security: (objects) => {
    const authorizer = createAuthorizer(objects)
    return { authenticate: (r) => r.user ?? admin, authorize: authorizer.authorize, authorizer }
  },
  admission: {},
})
const client: Client = inProcessClient(api.handle, admin)

async function give(name: string, rules: PolicyRule[]): Promise<void> {
  await client.create(clusterroles, { metadata: { name }, rules })
  await client.create(clusterrolebindings, {
    metadata: { name },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name },
    subjects: [{ kind: 'User', name: 'jane', apiGroup: group }],
  })
}

const names = (n: number, letter: string) => Array.from({ length: n }, (_, i) => `${letter}${i}`)

test.before(async () => {
  for (let i = 0; i < count; i++) {
    await give(
      `role-${i}`,
      names(5, 'r').map((resource) => ({ verbs: ['get'], apiGroups: [`g${i}`], resources: [resource] })),
    )
  }
  await give('maker', [
    { verbs: ['create'], apiGroups: [group, 'authorization.k8s.io'], resources: ['clusterroles', 'selfsubjectrulesreviews'] },
  ])
})

async function ask(path: string, body: object): Promise<number> {
  const { status } = await api.handle({
    method: 'POST',
    path,
    query: new URLSearchParams('dryRun=All'),
    headers: { 'content-type': 'application/json' },
    user: jane,
    signal: never,
    body: Buffer.from(JSON.stringify(body)),
  })
  return status
}

const make = (rules: PolicyRule[]) => ask(`/apis/${group}/v1/clusterroles`, { metadata: { name: 'made' }, rules })

const asked: readonly { readonly name: string; readonly run: () => Promise<number>; readonly status: number }[] = [
  {
    name: 'a role of much that they hold',
    run: () => make(names(1000, 'g').map((g) => ({ verbs: ['get'], apiGroups: [g], resources: ['r1', 'r0'] }))),
    status: 201,
  },
  {
    name: 'a role of thousands of rights that they lack',
    run: () => make([{ verbs: names(20, 'v'), apiGroups: names(20, 'g'), resources: names(20, 'r') }]),
    status: 403,
  },
  {
    name: 'a role of billions of rights',
    run: () => make([{ verbs: names(2000, 'v'), apiGroups: names(2000, 'g'), resources: names(2000, 'r') }]),
    status: 403,
  },
  {
    name: 'what they may do',
    run: () => ask(`${reviews}/selfsubjectrulesreviews`, { spec: { namespace: 'default' } }),
    status: 201,
  },
]

for (const { name, run, status } of asked) {
  test(`nobody waits while a user of ${count} bindings asks for ${name}`, async () => {
    let answered = 0
    const turn = await longestTurn(async () => {
      answered = await run()
    })
    assert.is(answered, status)
    assert.ok(turn < mostTurnMs, `a turn of ${turn.toFixed(0)} ms`)
  })
}

test('more than a million rights are held when one rule holds them, and taken as missing when it takes them apart', async () => {
  await give('cube', [{ verbs: names(200, 'v'), apiGroups: names(200, 'w'), resources: names(200, 'x') }])
  const cube = { verbs: names(200, 'v'), apiGroups: names(200, 'w'), resources: names(200, 'x') }
  assert.is(await make([cube]), 201)
  await give('more', [{ ...cube, verbs: ['other'] }])
  assert.is(await make([{ ...cube, verbs: [...cube.verbs, 'other'] }]), 403)
})

test.run()
