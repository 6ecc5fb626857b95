import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LocalWebhooks } from '../../../src/api/admission/webhook/local.ts'
import { createAuthorizer } from '../../../src/api/auth/authorize.ts'
import { mutatingwebhookconfigurations } from '../../../src/apimachinery/resources.generated.ts'
import { inProcessClient } from '../../../src/client/in-process.ts'
import { admin, testApi } from '../test-api.ts'
import { longestTurn, mostTurnMs } from './turns.ts'

/** Webhooks whose answers change as much as they may. */
const localWebhooks = new LocalWebhooks()
const { api } = await testApi({
  localWebhooks,
  security: (objects) => {
    const authorizer = createAuthorizer(objects)
    return { authenticate: (r) => r.user ?? admin, authorize: authorizer.authorize, authorizer }
  },
  admission: { disabled: ['ServiceAccount'] },
})
const client = inProcessClient(api.handle, admin)
const never = new AbortController().signal
let patch: object[] = []
const webhook = localWebhooks.serve(async (_, given) => {
  const { uid } = (given as { request: { uid: string } }).request
  const text = Buffer.from(JSON.stringify(patch)).toString('base64')
  const response = { uid, allowed: true, patchType: 'JSONPatch', patch: text }
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }
}, never)

test.before(async () => {
  await client.create(mutatingwebhookconfigurations, {
    metadata: { name: 'full' },
    webhooks: [
      {
        name: 'full.abuse.io',
        clientConfig: { url: webhook.url },
        rules: [
          {
            apiGroups: ['', 'networking.k8s.io'],
            apiVersions: ['v1'],
            resources: ['configmaps', 'pods', 'networkpolicies'],
            operations: ['CREATE'],
          },
        ],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  })
})

const list = (n: number, of: (i: number) => object): object[] => Array.from({ length: n }, (_, i) => of(i))
const sent = (metadata: object, more: object = {}) => ({ metadata: { name: 'made', ...metadata }, ...more })

const answers: readonly {
  readonly name: string
  readonly resource: string
  readonly body: object
  readonly patch: object[]
  readonly status: number
}[] = [
  {
    name: '10,000 texts in a map',
    resource: 'configmaps',
    body: { ...sent({}), data: { a: 'b' } },
    patch: list(10_000, (i) => ({ op: 'add', path: `/data/k${i}`, value: 'v' })),
    status: 201,
  },
  {
    name: '10,000 variables, each before the others',
    resource: 'pods',
    body: { ...sent({}), spec: { containers: [{ name: 'c', image: 'i', env: [{ name: 'E' }] }] } },
    patch: list(10_000, (i) => ({ op: 'add', path: '/spec/containers/0/env/0', value: { name: `E${i}`, value: 'v' } })),
    status: 201,
  },
  {
    name: '1.4 MB of texts',
    resource: 'configmaps',
    body: { ...sent({}), data: { a: 'b' } },
    patch: [
      {
        op: 'add',
        path: '/data',
        value: Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [`k${i}`, 'a text of bytes'])),
      },
    ],
    status: 201,
  },
  {
    name: '60,000 containers of nothing',
    resource: 'pods',
    body: { ...sent({}), spec: { containers: [{ name: 'c', image: 'i' }] } },
    patch: [{ op: 'add', path: '/spec/containers', value: list(60_000, () => ({})) }],
    status: 422,
  },
  {
    name: '3 MB of one text',
    resource: 'configmaps',
    body: { ...sent({}), data: { a: 'b' } },
    patch: [{ op: 'add', path: '/data/k', value: 'x'.repeat(3_000_000) }],
    status: 422,
  },
]

for (const answer of answers) {
  test(`nobody waits while a webhook's patch is applied: ${answer.name}`, async () => {
    patch = answer.patch
    let status = 0
    const turn = await longestTurn(async () => {
      const response = await api.handle({
        method: 'POST',
        path: `/api/v1/namespaces/default/${answer.resource}`,
        query: new URLSearchParams('dryRun=All'),
        headers: { 'content-type': 'application/json' },
        user: admin,
        signal: never,
        body: Buffer.from(JSON.stringify(answer.body)),
      })
      status = response.status
    })
    assert.is(status, answer.status)
    assert.ok(turn < mostTurnMs, `a turn of ${turn.toFixed(0)} ms`)
  })
}

test.run()
