import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runMutating, runValidating } from '../../../src/api/admission/chain.ts'
import { createAdmission } from '../../../src/api/admission/index.ts'
import { createAuthorizer } from '../../../src/api/auth/authorize.ts'
import { AdmissionMetrics } from '../../../src/api/health/admission-metrics.ts'
import type { Pod, ResourceQuota } from '../../../src/apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import {
  limitranges,
  namespaces,
  resourcequotas,
  serviceaccounts,
  validatingadmissionpolicies,
  validatingadmissionpolicybindings,
} from '../../../src/apimachinery/resources.generated.ts'
import type { StatusError } from '../../../src/apimachinery/status.ts'
import { ObjectsInMemory } from '../auth/objects-in-memory.ts'
import { podRequest } from './pod-request.ts'

const metrics = new AdmissionMetrics()

const as = (object: object): KubeObject => object as KubeObject
const cluster = (labels: Record<string, string> = {}) =>
  new ObjectsInMemory()
    .put(namespaces, { metadata: { name: 'x', labels } })
    .put(serviceaccounts, { metadata: { name: 'default', namespace: 'x' } })

/** The message that refuses a pod of these containers, or ''; and what was warned of. */
async function create(
  objects: ObjectsInMemory,
  spec: object,
  name = 'p',
): Promise<{ refusal: string; warnings: string[]; pod: Pod }> {
  const warnings: string[] = []
  const request = podRequest({ spec }, { name, warn: (text) => warnings.push(text) })
  const writeQuotaStatus = async (quota: ResourceQuota): Promise<void> => {
    await new Promise(setImmediate)
    objects.put(resourcequotas, quota)
  }
  const plugins = createAdmission({ objects, authorizer: createAuthorizer(objects), writeQuotaStatus })
  const pod = request.object as Pod
  try {
    await runMutating(plugins, request, metrics)
    await runValidating(plugins, request, metrics)
    return { refusal: '', warnings, pod }
  } catch (error) {
    return { refusal: (error as StatusError).message, warnings, pod }
  }
}

const container = (more: object = {}) => ({ containers: [{ name: 'c', image: 'b', ...more }] })

test('a level is enforced with every broken rule named, and a stricter one is only warned of', async () => {
  const enforced = await create(cluster({ 'pod-security.kubernetes.io/enforce': 'baseline' }), {
    ...container({ securityContext: { privileged: true } }),
    hostNetwork: true,
  })
  assert.is(
    enforced.refusal,
    'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true), privileged (container "c" must not set securityContext.privileged=true)',
  )
  const warned = await create(cluster({ 'pod-security.kubernetes.io/warn': 'restricted' }), container())
  assert.is(warned.refusal, '')
  assert.match(warned.warnings[0] ?? '', /^would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false/)
})

test('limit ranges fill in what is missing and bound what is there', async () => {
  const limits = [{ type: 'Container', default: { cpu: '500m' }, defaultRequest: { cpu: '100m' }, max: { cpu: '1' } }]
  const objects = cluster().put(limitranges, as({ metadata: { name: 'l', namespace: 'x' }, spec: { limits } }))
  const { pod } = await create(objects, container())
  assert.equal(pod.spec?.containers[0]?.resources, { requests: { cpu: '100m' }, limits: { cpu: '500m' } })
  assert.is(
    pod.metadata.annotations?.['kubernetes.io/limit-ranger'],
    'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
  )
  const { refusal } = await create(objects, container({ resources: { limits: { cpu: '2' } } }))
  assert.is(refusal, 'pods "p" is forbidden: maximum cpu usage per Container is 1, but limit is 2')
})

test('a quota is never exceeded, however many ask at once', async () => {
  const status = { hard: { pods: '3', 'requests.cpu': '1' }, used: { pods: '0', 'requests.cpu': '0' } }
  const objects = cluster().put(
    resourcequotas,
    as({ metadata: { name: 'q', namespace: 'x' }, spec: { hard: status.hard }, status }),
  )
  const spec = container({ resources: { requests: { cpu: '300m' } } })
  const writeQuotaStatus = async (quota: ResourceQuota): Promise<void> => {
    await new Promise(setImmediate)
    objects.put(resourcequotas, quota)
  }
  const plugins = createAdmission({ objects, authorizer: createAuthorizer(objects), writeQuotaStatus })
  const ask = async (i: number): Promise<string> => {
    const own = { spec: structuredClone({ ...spec, serviceAccountName: 'default' }) }
    try {
      await runValidating(plugins, podRequest(own, { name: `p${i}` }), metrics)
      return ''
    } catch (error) {
      return (error as StatusError).message
    }
  }
  const answers = await Promise.all([1, 2, 3, 4, 5].map(ask))
  assert.is(answers.filter((a) => a === '').length, 3)
  assert.match(
    answers.at(-1) ?? '',
    'exceeded quota: q, requested: pods=1,requests.cpu=300m, used: pods=3,requests.cpu=900m, limited: pods=3,requests.cpu=1',
  )
  assert.equal(objects.get(resourcequotas, 'x', 'q')?.status?.used, { pods: '3', 'requests.cpu': '900m' })
  const silent = await create(objects, container())
  assert.match(silent.refusal, 'failed quota: q: must specify requests.cpu for: c')
})

test('a policy denies with its own message, and a failing expression denies unless it is told to ignore', async () => {
  const policy = (failurePolicy: string) => ({
    metadata: { name: 'p' },
    spec: {
      failurePolicy,
      matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['*'], resources: ['pods'], operations: ['CREATE'] }] },
      variables: [{ name: 'images', expression: 'object.spec.containers.map(c, c.image)' }],
      validations: [
        { expression: "!('bad' in variables.images)", messageExpression: "'not ' + variables.images[0]", reason: 'Forbidden' },
        { expression: 'object.spec.priority < object.spec.none' },
      ],
    },
  })
  const objects = cluster().put(
    validatingadmissionpolicybindings,
    as({ metadata: { name: 'b' }, spec: { policyName: 'p', validationActions: ['Deny'] } }),
  )
  objects.put(validatingadmissionpolicies, as(policy('Ignore')))
  const denied = await create(objects, container({ image: 'bad' }))
  assert.is(denied.refusal, `pods "p" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: not bad`)
  assert.is((await create(objects, container())).refusal, '')
  objects.put(validatingadmissionpolicies, as(policy('Fail')))
  assert.match(
    (await create(objects, container())).refusal,
    "expression 'object.spec.priority < object.spec.none' resulted in error: no such key: none",
  )
})

test('limits that do not fit 64 bits bound as in Kubernetes: 1e100 is 0 there, 7Ei is compared in whole units', async () => {
  const bounded = (limits: object) =>
    cluster().put(
      limitranges,
      as({ metadata: { name: 'l', namespace: 'x' }, spec: { limits: [{ type: 'Container', ...limits }] } }),
    )
  const asking = (memory: string) => container({ resources: { requests: { memory }, limits: { memory } } })
  assert.is((await create(bounded({ min: { memory: '1e100' } }), asking('1'))).refusal, '')
  assert.is(
    (await create(bounded({ max: { memory: '1e100' } }), asking('1'))).refusal,
    'pods "p" is forbidden: maximum memory usage per Container is 10e99, but limit is 1',
  )
  assert.is(
    (await create(bounded({ min: { memory: '7Ei' } }), asking('6Ei'))).refusal,
    'pods "p" is forbidden: minimum memory usage per Container is 7Ei, but request is 6Ei',
  )
})

test('of several quotas that are exceeded the one made first is named', async () => {
  const objects = cluster()
  const made = { b: '2026-01-01T00:00:00Z', a: '2026-01-02T00:00:00Z' }
  for (const [name, creationTimestamp] of Object.entries(made)) {
    const status = { hard: { pods: '0' }, used: { pods: '0' } }
    objects.put(resourcequotas, as({ metadata: { name, namespace: 'x', creationTimestamp }, status }))
  }
  assert.match((await create(objects, container())).refusal, /exceeded quota: b,/)
})

test.run()
