import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../../eventually.ts'
import { sending } from '../sending.ts'

// Policies that name one version of a custom kind, and writes in another; as kube-apiserver 1.36.3 answers them.
const send = await sending()
const policies = '/apis/admissionregistration.k8s.io/v1'
const schema = {
  openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } },
}
await send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing' },
    versions: ['v1', 'v2'].map((name) => ({ name, served: true, storage: name === 'v1', schema })),
  },
})
// Served when the definition is established.
await eventually(async () => (await send('GET', '/apis/example.com/v2/things')).status !== 404)
const create = (version: string, name: string, spec: object) =>
  send('POST', `/apis/example.com/${version}/namespaces/default/things`, {
    apiVersion: `example.com/${version}`,
    kind: 'Thing',
    metadata: { name },
    spec,
  })
const resourceRules = [{ apiGroups: ['example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['things'] }]

async function bound(kind: 'validating' | 'mutating', spec: object, binding: object): Promise<() => Promise<void>> {
  const metadata = { name: 'p' }
  await send('POST', `${policies}/${kind}admissionpolicies`, { metadata, spec })
  await send('POST', `${policies}/${kind}admissionpolicybindings`, { metadata, spec: { policyName: 'p', ...binding } })
  return async () => {
    await send('DELETE', `${policies}/${kind}admissionpolicybindings/p`)
    await send('DELETE', `${policies}/${kind}admissionpolicies/p`)
  }
}

test('a validating policy that names another version sees the object in it, unless it matches exactly', async () => {
  const validations = [
    {
      expression: 'false',
      messageExpression: 'object.apiVersion + " " + request.kind.version + " " + request.requestKind.version',
    },
  ]
  for (const matchPolicy of ['Equivalent', 'Exact']) {
    const spec = { matchConstraints: { matchPolicy, resourceRules }, validations }
    const end = await bound('validating', spec, { validationActions: ['Deny'] })
    const answer = await create('v2', `by-${matchPolicy.toLowerCase()}`, {})
    if (matchPolicy === 'Exact') assert.is(answer.status, 201)
    else assert.match(answer.message, /denied request: example\.com\/v1 v1 v2$/)
    await end()
  }
})

test('what a mutating policy makes of an object in another version is stored from the version that was written', async () => {
  const expression = '[JSONPatch{op: "add", path: "/spec/seen", value: object.apiVersion}]'
  const end = await bound(
    'mutating',
    {
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      matchConstraints: { resourceRules },
      mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
    },
    {},
  )
  const { json } = await create('v2', 'changed', { given: true })
  assert.is(json.apiVersion, 'example.com/v2')
  assert.equal(json.spec, { given: true, seen: 'example.com/v1' })
  await end()
})

test.run()
