import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AdmissionPlugin, AdmissionRequest } from '../../../src/api/admission/admission.ts'
import { readAdmissionConfiguration } from '../../../src/api/admission/configuration.ts'
import { createAdmission } from '../../../src/api/admission/index.ts'
import { alwaysDeny } from '../../../src/api/admission/plugins/always.ts'
import { alwaysPullImages } from '../../../src/api/admission/plugins/always-pull-images.ts'
import { denyServiceExternalIps } from '../../../src/api/admission/plugins/deny-service-external-ips.ts'
import { eventRateLimit } from '../../../src/api/admission/plugins/event-rate-limit.ts'
import { extendedResourceToleration } from '../../../src/api/admission/plugins/extended-resource-toleration.ts'
import { limitPodHardAntiAffinityTopology } from '../../../src/api/admission/plugins/hard-anti-affinity.ts'
import { namespaceAutoProvision, namespaceExists } from '../../../src/api/admission/plugins/namespace-exists.ts'
import { ownerReferencesPermissionEnforcement } from '../../../src/api/admission/plugins/owner-references.ts'
import { podNodeSelector } from '../../../src/api/admission/plugins/pod-node-selector.ts'
import { podTolerationRestriction } from '../../../src/api/admission/plugins/pod-toleration-restriction.ts'
import { createAuthorizer } from '../../../src/api/auth/authorize.ts'
import type { Attributes } from '../../../src/api/auth/authorizer.ts'
import type { Pod } from '../../../src/apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import { namespaces } from '../../../src/apimachinery/resources.generated.ts'
import { ObjectsInMemory } from '../auth/objects-in-memory.ts'

function requestFor(kind: string, object: object, more: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return {
    operation: 'CREATE',
    group: '',
    version: 'v1',
    resource: `${kind.toLowerCase()}s`,
    subresource: '',
    kind,
    namespace: 'x',
    name: 'o',
    object: { metadata: { name: 'o', namespace: 'x' }, ...object } as KubeObject,
    oldObject: undefined,
    options: {},
    dryRun: false,
    user: { name: 'ann', groups: [] },
    warn: () => {},
    ...more,
  }
}

const pod = (spec: object, more: Partial<AdmissionRequest> = {}) =>
  requestFor('Pod', { spec: { containers: [{ name: 'c', image: 'i' }], ...spec } }, more)

/** What a plugin makes of the object, or why it refuses. */
async function outcome(plugin: AdmissionPlugin, request: AdmissionRequest): Promise<string | KubeObject | undefined> {
  try {
    await plugin.mutate?.(request)
    await plugin.validate?.(request)
    return request.object
  } catch (error) {
    return (error as Error).message
  }
}

const specOf = async (plugin: AdmissionPlugin, request: AdmissionRequest) => ((await outcome(plugin, request)) as Pod).spec
const inNamespace = (annotations: Record<string, string> = {}) =>
  new ObjectsInMemory().put(namespaces, { metadata: { name: 'x', annotations } })

test('AlwaysDeny refuses all', async () => {
  assert.is(await outcome(alwaysDeny, pod({})), 'pods "o" is forbidden: admission control is denying all modifications')
})

test('AlwaysPullImages sets the policy of containers and image volumes, and lets a pod keep its own while no image changes', async () => {
  const asked = { initContainers: [{ name: 'i', image: 'i', imagePullPolicy: 'Never' }], volumes: [{ name: 'v', image: {} }] }
  const spec = await specOf(alwaysPullImages, pod(asked))
  assert.equal([spec?.initContainers?.[0]?.imagePullPolicy, spec?.containers[0]?.imagePullPolicy], ['Always', 'Always'])
  assert.is(spec?.volumes?.[0]?.image?.pullPolicy, 'Always')
  const kept = { containers: [{ name: 'c', image: 'i', imagePullPolicy: 'Never' }] }
  const update = pod(kept, { operation: 'UPDATE', oldObject: pod(kept).object })
  assert.is((await specOf(alwaysPullImages, update))?.containers[0]?.imagePullPolicy, 'Never')
})

test('DenyServiceExternalIPs refuses addresses that a service had not', async () => {
  const service = (externalIPs: string[]) => ({ spec: { externalIPs } })
  const refused = 'services "o" is forbidden: Use of external IPs is denied by admission control'
  assert.is(await outcome(denyServiceExternalIps, requestFor('Service', service(['1.2.3.4']))), refused)
  const old = requestFor('Service', service(['1.2.3.4', '5.6.7.8'])).object
  const fewer = requestFor('Service', service(['5.6.7.8']), { operation: 'UPDATE', oldObject: old })
  assert.is(await outcome(denyServiceExternalIps, fewer), fewer.object)
})

test('ExtendedResourceToleration tolerates the taints of resources that are asked for, each once', async () => {
  const requests = { 'e.com/b': '1', 'e.com/a': '1', cpu: '1' }
  const tolerations = [{ key: 'e.com/b', operator: 'Exists', effect: 'NoSchedule' }]
  const spec = await specOf(
    extendedResourceToleration,
    pod({ containers: [{ name: 'c', resources: { requests } }], tolerations }),
  )
  assert.equal(
    spec?.tolerations?.map((t) => t.key),
    ['e.com/b', 'e.com/a'],
  )
})

test('LimitPodHardAntiAffinityTopology allows anti-affinity to nodes only', async () => {
  const terms = [{ topologyKey: 'kubernetes.io/hostname' }, { topologyKey: 'zone' }]
  const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } }
  assert.is(
    await outcome(limitPodHardAntiAffinityTopology, pod({ affinity })),
    'pods "o" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed',
  )
})

test('NamespaceAutoProvision makes the namespace of what is created, NamespaceExists refuses what has none', async () => {
  const made: string[] = []
  const objects = new ObjectsInMemory()
  const provision = namespaceAutoProvision(objects, async ({ metadata }) => void made.push(metadata.name ?? ''))
  for (const more of [{ dryRun: true }, { operation: 'UPDATE' as const }, {}]) await outcome(provision, pod({}, more))
  assert.equal(made, ['x'])
  assert.is(await outcome(namespaceExists(objects), pod({})), 'namespaces "x" not found')
})

test('OwnerReferencesPermissionEnforcement asks for the deletion of what is owned, and for the finalizers of who blocks', async () => {
  const asked: string[] = []
  const rights = new Set(['delete configmaps.'])
  const authorize = ({ verb, resource }: Attributes) => {
    const what = `${verb} ${resource?.resource}.${resource?.subresource}`
    asked.push(what)
    return { allowed: rights.has(what), reason: 'no rule' }
  }
  const find = (_: string, __: string, kind: string) => (kind === 'Pod' ? [{ resource: 'pods', namespaced: true }] : [])
  const plugin = ownerReferencesPermissionEnforcement(authorize, find)
  const owned = (...ownerReferences: object[]) => ({ metadata: { name: 'o', namespace: 'x', ownerReferences } })
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }
  const blocking = { ...owner, blockOwnerDeletion: true }
  const make = (...refs: object[]) => requestFor('ConfigMap', owned(...refs))
  const change = (...refs: object[]) =>
    requestFor('ConfigMap', owned(...refs), { operation: 'UPDATE', oldObject: owned() as KubeObject })
  assert.type(await outcome(plugin, make(owner)), 'object')
  assert.type(await outcome(plugin, change(owner)), 'object')
  assert.equal(asked, ['delete configmaps.'])
  const refused = 'configmaps "o" is forbidden: cannot set blockOwnerDeletion'
  assert.is(
    await outcome(plugin, make(blocking)),
    `${refused} if an ownerReference refers to a resource you can't set finalizers on: no rule, <nil>`,
  )
  assert.is(
    await outcome(plugin, make({ ...blocking, kind: 'Nope' })),
    `${refused} in this case because cannot find RESTMapping for APIVersion v1 Kind Nope: no matches for kind "Nope" in version "v1"`,
  )
  rights.delete('delete configmaps.')
  assert.is(
    await outcome(plugin, change(owner)),
    'configmaps "o" is forbidden: cannot set an ownerRef on a resource you can\'t delete: no rule, <nil>',
  )
})

test('PodNodeSelector adds what the namespace selects, and refuses what it does not', async () => {
  const annotated = inNamespace({ 'scheduler.alpha.kubernetes.io/node-selector': 'zone=a, disk = ssd' })
  const spec = await specOf(podNodeSelector(annotated), pod({ nodeSelector: { other: 'b' } }))
  assert.equal(spec?.nodeSelector, { zone: 'a', disk: 'ssd', other: 'b' })
  const prefix = 'pods "o" is forbidden: pod node label selector '
  assert.is(
    await outcome(podNodeSelector(annotated), pod({ nodeSelector: { zone: 'b' } })),
    `${prefix}conflicts with its namespace node label selector`,
  )
  const configured = podNodeSelector(inNamespace(), { clusterDefaultNodeSelector: 'zone=a', x: 'zone=a' })
  assert.equal((await specOf(configured, pod({})))?.nodeSelector, { zone: 'a' })
  assert.is(
    await outcome(configured, pod({ nodeSelector: { disk: 'ssd' } })),
    `${prefix}labels conflict with its namespace whitelist`,
  )
})

test('PodTolerationRestriction adds what the namespace or the cluster tolerates, and refuses what neither allows', async () => {
  const annotated = inNamespace({
    'scheduler.alpha.kubernetes.io/defaultTolerations': '[{"key":"d","operator":"Exists"}]',
    'scheduler.alpha.kubernetes.io/tolerationsWhitelist': '[{"key":"d","operator":"Exists"}]',
  })
  const covered = { key: 'd', operator: 'Exists', effect: 'NoSchedule' }
  assert.equal((await specOf(podTolerationRestriction(annotated), pod({ tolerations: [covered] })))?.tolerations, [
    { key: 'd', operator: 'Exists' },
  ])
  const refused = (whose: string) =>
    `pod tolerations (possibly merged with namespace default tolerations) conflict with its ${whose} whitelist`
  const other = pod({ tolerations: [{ key: 'e', operator: 'Exists' }] })
  assert.is(await outcome(podTolerationRestriction(annotated), other), refused('namespace'))
  const cluster = { whitelist: [{ key: 'd', operator: 'Exists' as const }] }
  assert.is(await outcome(podTolerationRestriction(inNamespace(), cluster), other), refused('cluster'))
})

test('EventRateLimit lets bursts pass, then so many a second, by what a limit is for', async () => {
  let now = 0
  const plugin = eventRateLimit([{ type: 'User', qps: 1, burst: 2 }], () => now)
  const write = (name: string, more: object = {}) =>
    outcome(plugin, requestFor('Event', {}, { user: { name, groups: [] }, ...more }))
  const refused = 'Too many requests: limit reached on type User for key ann'
  const outcomes = [await write('ann'), await write('ann'), await write('ann')]
  assert.is(outcomes[2], refused)
  assert.type(outcomes[1], 'object')
  assert.type(await write('ben'), 'object')
  assert.type(await write('ann', { dryRun: true }), 'object')
  now = 1000
  assert.type(await write('ann'), 'object')
  assert.is(await write('ann'), refused)
})

const objects = new ObjectsInMemory()
const authorizer = createAuthorizer(objects)
const named = (enabled: string[], disabled: string[] = []) =>
  createAdmission({ objects, authorizer, enabled, disabled }).map(({ name }) => name)

test('chosen plugins stand where kube-apiserver has them, and names that are none are refused', () => {
  const all = named(['AlwaysDeny', 'NamespaceAutoProvision', 'JobValidation'])
  assert.equal([all[0], all[1], all.at(-1)], ['NamespaceAutoProvision', 'NamespaceLifecycle', 'AlwaysDeny'])
  assert.throws(() => named(['Foo']), /^enable-admission-plugins plugin "Foo" is unknown$/)
  assert.throws(() => named([], ['RoleEscalation']), /^disable-admission-plugins plugin "RoleEscalation" is unknown$/)
  assert.throws(() => named(['ImagePolicyWebhook']), /is not served/)
  assert.throws(
    () => named(['Priority'], ['Priority']),
    /^\[Priority\] in enable-admission-plugins and disable-admission-plugins overlapped$/,
  )
})

test('an AdmissionConfiguration gives plugins their settings, beside it or in files of their own', async () => {
  const text = `
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: EventRateLimit
  configuration:
    apiVersion: eventratelimit.admission.k8s.io/v1alpha1
    kind: Configuration
    limits: [{type: Server, qps: 1, burst: 2}]
- name: PodNodeSelector
  path: nodes.yaml
`
  const read = async (path: string) => (path === 'nodes.yaml' ? 'podNodeSelectorPluginConfig: {x: "a=b"}' : '')
  assert.equal(await readAdmissionConfiguration(text, 'f', read), {
    eventLimits: [{ type: 'Server', qps: 1, burst: 2 }],
    nodeSelectors: { x: 'a=b' },
  })
  const wrong = (from: string, to: string) =>
    readAdmissionConfiguration(text.replace(from, to), 'f', read).then(
      () => '',
      (error: Error) => error.message,
    )
  assert.is(await wrong('qps: 1', 'qps: 0'), 'f: EventRateLimit: limits[0].qps: must be positive')
  assert.is(await wrong('name: EventRateLimit', 'name: PodSecurity'), 'f: plugins: PodSecurity takes no configuration here')
})

test.run()
