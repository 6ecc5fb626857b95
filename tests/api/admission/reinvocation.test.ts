import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sending } from '../sending.ts'

const policies = '/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies'

async function serving() {
  const send = await sending()
  /** A bound policy that writes `letter` behind data.v. */
  const policy = async (letter: string, reinvocationPolicy: string): Promise<void> => {
    const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }
    const expression = `[JSONPatch{op: "replace", path: "/data/v", value: object.data.v + "${letter}"}]`
    const spec = {
      matchConstraints: { resourceRules: [rule] },
      failurePolicy: 'Fail',
      reinvocationPolicy,
      mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
    }
    assert.is((await send('POST', policies, { metadata: { name: letter }, spec })).status, 201)
    const binding = { metadata: { name: letter }, spec: { policyName: letter } }
    assert.is((await send('POST', policies.replace('policies', 'policybindings'), binding)).status, 201)
  }
  const written = async (): Promise<string> => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { v: '' } }
    return (await send('POST', '/api/v1/namespaces/default/configmaps?dryRun=All', object)).json.data.v
  }
  return { policy, written }
}

test('a policy that asks for it runs again after its own change, too', async () => {
  const { policy, written } = await serving()
  await policy('a', 'Never')
  assert.is(await written(), 'a')
  await policy('b', 'IfNeeded')
  assert.is(await written(), 'abb')
})

test('policies that ask for it run again after the changes of others', async () => {
  const { policy, written } = await serving()
  await policy('a', 'IfNeeded')
  await policy('b', 'Never')
  assert.is(await written(), 'aba')
})

test.run()
