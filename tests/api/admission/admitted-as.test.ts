import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sending } from '../sending.ts'

// What admission is shown of each write; as kube-apiserver 1.36.3 shows it to its webhooks and policies.
const send = await sending()
const policies = '/apis/admissionregistration.k8s.io/v1'
const core = '/api/v1/namespaces/default'
const apps = '/apis/apps/v1/namespaces/default'
await send('POST', `${core}/serviceaccounts`, { metadata: { name: 'default' } })

interface Rule {
  readonly group?: string
  readonly version?: string
  readonly resource: string
  readonly operation: string
}

/** From here on writes that `rule` means are refused with `messageExpression`, unless `expression` holds. Gives what ends that. */
async function validate(rule: Rule, expression: string, messageExpression: string) {
  const { group = '', version = 'v1', resource, operation } = rule
  const resourceRules = [{ apiGroups: [group], apiVersions: [version], operations: [operation], resources: [resource] }]
  const metadata = { name: 'p' }
  await send('POST', `${policies}/validatingadmissionpolicies`, {
    metadata,
    spec: { matchConstraints: { resourceRules }, validations: [{ expression, messageExpression }] },
  })
  await send('POST', `${policies}/validatingadmissionpolicybindings`, {
    metadata,
    spec: { policyName: 'p', validationActions: ['Deny'] },
  })
  return async () => {
    await send('DELETE', `${policies}/validatingadmissionpolicybindings/p`)
    await send('DELETE', `${policies}/validatingadmissionpolicies/p`)
  }
}

const configMap = (name: string) => send('POST', `${core}/configmaps`, { metadata: { name } })

test('a patch has the options of the update that it is, and an apply those of the create', async () => {
  await configMap('patched')
  for (const [operation, kind] of Object.entries({ UPDATE: 'UpdateOptions', CREATE: 'CreateOptions' })) {
    const end = await validate({ resource: 'configmaps', operation }, 'false', 'string(request.options.kind)')
    const { message } =
      operation === 'UPDATE'
        ? await send('PATCH', `${core}/configmaps/patched`, { data: { a: 'b' } }, 'merge')
        : await send(
            'PATCH',
            `${core}/configmaps/applied?fieldManager=m`,
            { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' } },
            'apply',
          )
    assert.match(message, new RegExp(`denied request: ${kind}$`))
    await end()
  }
})

test('a PUT that creates has the options of a create', async () => {
  const rule = { group: 'coordination.k8s.io', resource: 'leases', operation: 'CREATE' }
  const end = await validate(rule, 'false', 'string(request.options.kind)')
  const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/made'
  const { message } = await send('PUT', path, { metadata: { name: 'made' } })
  assert.match(message, /denied request: CreateOptions$/)
  await end()
})

test('what is reviewed is admitted, too', async () => {
  const rule = { group: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews', operation: 'CREATE' }
  const end = await validate(rule, 'false', 'string(object.spec.resourceAttributes.verb)')
  const spec = { resourceAttributes: { verb: 'get', resource: 'pods' } }
  const { message } = await send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec })
  assert.match(message, /denied request: get$/)
  await end()
})

test('a connection is admitted before it is looked for, and has no options', async () => {
  const end = await validate(
    { resource: 'pods/*', operation: 'CONNECT' },
    'false',
    'object.path + string(request.options == null)',
  )
  const { message } = await send('GET', `${core}/pods/missing/proxy/a/b?c=d`)
  assert.match(message, /denied request: \/a\/btrue$/)
  await end()
})

test('a deletion shows its grace, once: what runs already is not admitted again', async () => {
  await send('POST', '/api/v1/nodes', { metadata: { name: 'n' } })
  const spec = { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] }
  await send('POST', `${core}/pods`, { metadata: { name: 'ending' }, spec })
  const rule = { resource: 'pods', operation: 'DELETE' }
  const grace = 'string(request.options.gracePeriodSeconds)'
  const end = await validate(rule, 'request.options.gracePeriodSeconds == 9', grace)
  assert.match((await send('DELETE', `${core}/pods/ending`)).message, /denied request: 30$/)
  assert.is((await send('DELETE', `${core}/pods/ending?gracePeriodSeconds=9`)).status, 200)
  assert.is((await send('DELETE', `${core}/pods/ending`)).status, 200)
  assert.match((await send('DELETE', `${core}/pods/ending?gracePeriodSeconds=5`)).message, /denied request: 5$/)
  await end()
})

test('a scale is admitted as the Scale that it is', async () => {
  const labels = { a: 'b' }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  await send('POST', `${apps}/deployments`, {
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: labels }, template },
  })
  const rule = { group: 'apps', resource: 'deployments/scale', operation: 'UPDATE' }
  const shown =
    'request.kind.group + " " + object.kind + " " + string(oldObject.spec.replicas) + " " + string(object.spec.replicas)'
  const end = await validate(rule, 'object.spec.replicas < 3', shown)
  const scale = (replicas: number) => send('PATCH', `${apps}/deployments/d/scale`, { spec: { replicas } }, 'merge')
  assert.match((await scale(5)).message, /denied request: autoscaling Scale 1 5$/)
  assert.is((await scale(2)).json.spec.replicas, 2)
  await end()
})

test('objects of a collection that is deleted are admitted one by one, and none when there is none', async () => {
  const end = await validate({ resource: 'configmaps', operation: 'DELETE' }, 'false', 'string(oldObject.metadata.name)')
  assert.is((await send('DELETE', `${core}/configmaps?labelSelector=x%3Dy`)).status, 200)
  assert.match(
    (await send('DELETE', `${core}/configmaps?fieldSelector=metadata.name%3Dpatched`)).message,
    /denied request: patched$/,
  )
  await end()
})

test('an eviction is admitted as itself, and not again as a deletion', async () => {
  await send('POST', `${core}/pods`, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } })
  const end = await validate({ resource: 'pods', operation: 'DELETE' }, 'false', '"deleted"')
  assert.match((await send('DELETE', `${core}/pods/p`)).message, /denied request: deleted$/)
  assert.is((await send('POST', `${core}/pods/p/eviction`, { metadata: { name: 'p' } })).status, 201)
  await end()
})

test('a rule for another version of the same objects is shown them in that version', async () => {
  const rule = { group: 'autoscaling', version: 'v1', resource: 'horizontalpodautoscalers', operation: 'CREATE' }
  const end = await validate(rule, 'false', 'object.apiVersion + " " + string(object.spec.targetCPUUtilizationPercentage)')
  const { message } = await send('POST', '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers', {
    metadata: { name: 'h' },
    spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' } },
  })
  assert.match(message, /denied request: autoscaling\/v1 80$/)
  await end()
})

test('what admission names otherwise is stored under that name', async () => {
  const metadata = { name: 'm' }
  const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['secrets'] }]
  const jsonPatch = { expression: '[JSONPatch{op: "replace", path: "/metadata/name", value: "other"}]' }
  await send('POST', `${policies}/mutatingadmissionpolicies`, {
    metadata,
    spec: {
      matchConstraints: { resourceRules },
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'JSONPatch', jsonPatch }],
    },
  })
  await send('POST', `${policies}/mutatingadmissionpolicybindings`, { metadata, spec: { policyName: 'm' } })
  assert.is((await send('POST', `${core}/secrets`, { metadata: { name: 'one' } })).json.metadata.name, 'other')
  assert.is((await send('GET', `${core}/secrets/other`)).status, 200)
  assert.is((await send('GET', `${core}/secrets/one`)).status, 404)
  assert.is((await send('POST', `${core}/secrets`, { metadata: { name: 'two' } })).message, 'secrets "other" already exists')
})

test.run()
