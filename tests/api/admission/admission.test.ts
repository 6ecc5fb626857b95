import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AdmissionRequest } from '../../../src/api/admission/admission.ts'
import { runMutating, runValidating } from '../../../src/api/admission/chain.ts'
import { createAdmission } from '../../../src/api/admission/index.ts'
import { createAuthorizer } from '../../../src/api/auth/authorize.ts'
import { AdmissionMetrics } from '../../../src/api/health/admission-metrics.ts'
import type { Pod } from '../../../src/apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import { namespaces, priorityclasses, serviceaccounts } from '../../../src/apimachinery/resources.generated.ts'
import type { StatusError } from '../../../src/apimachinery/status.ts'
import { ObjectsInMemory } from '../auth/objects-in-memory.ts'
import { podRequest } from './pod-request.ts'

const metrics = new AdmissionMetrics()

const cluster = () =>
  new ObjectsInMemory()
    .put(namespaces, { metadata: { name: 'x' }, status: { phase: 'Active' } } as object as KubeObject)
    .put(serviceaccounts, {
      metadata: { name: 'default', namespace: 'x' },
      imagePullSecrets: [{ name: 'reg' }],
    } as object as KubeObject)

async function admit(objects: ObjectsInMemory, request: AdmissionRequest): Promise<Pod> {
  const plugins = createAdmission({ objects, authorizer: createAuthorizer(objects) })
  await runMutating(plugins, request, metrics)
  await runValidating(plugins, request, metrics)
  return request.object as Pod
}

async function refusal(objects: ObjectsInMemory, request: AdmissionRequest): Promise<string> {
  try {
    await admit(objects, request)
  } catch (error) {
    return (error as StatusError).message
  }
  return ''
}

test('a pod gets its account, its token, its pull secrets, its priority and its tolerations', async () => {
  const pod = await admit(cluster(), podRequest({ spec: { containers: [{ name: 'c' }] } }))
  assert.is(pod.spec?.serviceAccountName, 'default')
  assert.is(pod.spec?.serviceAccount, 'default')
  assert.equal(pod.spec?.imagePullSecrets, [{ name: 'reg' }])
  assert.match(pod.spec?.volumes?.[0]?.name ?? '', /^kube-api-access-[a-z0-9]{5}$/)
  assert.is(pod.spec?.containers[0]?.volumeMounts?.[0]?.name, pod.spec?.volumes?.[0]?.name)
  assert.is(pod.spec?.priority, 0)
  assert.is(pod.spec?.preemptionPolicy, 'PreemptLowerPriority')
  assert.equal(
    pod.spec?.tolerations?.map((t) => [t.key, t.tolerationSeconds]),
    [
      ['node.kubernetes.io/not-ready', 300],
      ['node.kubernetes.io/unreachable', 300],
    ],
  )
})

test('a pod waits for the default account of a new namespace, and is refused when its account never comes', async () => {
  const objects = new ObjectsInMemory().put(namespaces, { metadata: { name: 'x' } })
  const pending = admit(objects, podRequest({ spec: { containers: [] } }))
  objects.put(serviceaccounts, { metadata: { name: 'default', namespace: 'x' } })
  assert.is((await pending).spec?.serviceAccountName, 'default')
  assert.is(
    await refusal(objects, podRequest({ spec: { serviceAccountName: 'no', containers: [] } })),
    'pods "p" is forbidden: error looking up service account x/no: serviceaccount "no" not found',
  )
})

test('nothing is made in a missing or ending namespace, and default stays', async () => {
  const objects = cluster()
  assert.is(await refusal(objects, podRequest({}, { namespace: 'y' })), 'namespaces "y" not found')
  objects.put(namespaces, { metadata: { name: 'x' }, status: { phase: 'Terminating' } } as object as KubeObject)
  assert.is(
    await refusal(objects, podRequest({ spec: { containers: [] } })),
    'pods "p" is forbidden: unable to create new content in namespace x because it is being terminated',
  )
  const removal = podRequest(
    {},
    { operation: 'DELETE', resource: 'namespaces', kind: 'Namespace', name: 'default', object: undefined },
  )
  assert.is(await refusal(objects, removal), 'namespaces "default" is forbidden: this namespace may not be deleted')
})

test('a priority class gives its number; a pod may not bring another', async () => {
  const objects = cluster().put(priorityclasses, { metadata: { name: 'high' }, value: 1000 } as object as KubeObject)
  const pod = await admit(objects, podRequest({ spec: { priorityClassName: 'high', containers: [] } }))
  assert.is(pod.spec?.priority, 1000)
  assert.match(
    await refusal(objects, podRequest({ spec: { priorityClassName: 'high', priority: 5, containers: [] } })),
    'computed 1000',
  )
  assert.match(
    await refusal(objects, podRequest({ spec: { priorityClassName: 'none', containers: [] } })),
    'no PriorityClass with name none was found',
  )
})

test('a plugin that is off does nothing; one that nobody knows is refused', async () => {
  const objects = new ObjectsInMemory().put(namespaces, { metadata: { name: 'x' } })
  const authorizer = createAuthorizer(objects)
  const plugins = createAdmission({ objects, authorizer, disabled: ['ServiceAccount'] })
  const request = podRequest({ spec: { containers: [{ name: 'c' }] } })
  await runMutating(plugins, request, metrics)
  assert.is((request.object as Pod).spec?.serviceAccountName, undefined)
  assert.throws(
    () => createAdmission({ objects, authorizer, disabled: ['Nope'] }),
    /^disable-admission-plugins plugin "Nope" is unknown$/,
  )
})

test('what no path can name is refused as a client refuses to ask for it', async () => {
  const spec = { containers: [] }
  assert.is(
    await refusal(cluster(), podRequest({ spec: { ...spec, serviceAccountName: 'a/b%' } })),
    `pods "p" is forbidden: error looking up service account x/a/b%: invalid resource name "a/b%": [may not contain '/' may not contain '%']`,
  )
  assert.is(await refusal(cluster(), podRequest({ spec: { ...spec, runtimeClassName: '' } })), 'resource name may not be empty')
  assert.is(
    await refusal(cluster(), podRequest({ spec: { ...spec, runtimeClassName: '..' } })),
    `invalid resource name "..": [may not be '..']`,
  )
  assert.is(
    await refusal(cluster(), podRequest({ spec: { ...spec, runtimeClassName: 'no' } })),
    'pods "p" is forbidden: pod rejected: RuntimeClass "no" not found',
  )
})

test('a mirror pod that names an account is refused before anybody looks at the rest of it', async () => {
  const request = podRequest({
    metadata: { name: 'p', namespace: 'x', annotations: { 'kubernetes.io/config.mirror': 'x' } },
    spec: { serviceAccountName: 'default' },
  })
  const plugins = createAdmission({ objects: cluster(), authorizer: createAuthorizer(cluster()) })
  const error = await runMutating(plugins, request, metrics).then(
    () => undefined,
    (e: StatusError) => e,
  )
  assert.match(error?.message ?? '', 'a mirror pod may not reference service accounts')
})

test('what an account does not let its pods use is refused before a priority that does not exist', async () => {
  const objects = cluster().put(serviceaccounts, {
    metadata: { name: 'strict', namespace: 'x', annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } },
  } as object as KubeObject)
  const spec = {
    serviceAccountName: 'strict',
    priorityClassName: 'none',
    imagePullSecrets: [{ name: 'own' }],
    containers: [{ name: 'c' }],
  }
  assert.is(
    await refusal(objects, podRequest({ spec })),
    'pods "p" is forbidden: imagePullSecrets[0].name="own" is not allowed because service account strict does not reference that imagePullSecret',
  )
})

test.run()
