import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { changed, changeProblems, prepared, problemsOf } from './kind-case.ts'

const long = 'x'.repeat(300)

test('fields of gates that are off in Kubernetes 1.36 are dropped', () => {
  const driver = prepared('storage.k8s.io/v1/CSIDriver', {
    metadata: { name: 'd' },
    spec: { preventPodSchedulingIfMissing: true },
  })
  assert.is(driver.spec.preventPodSchedulingIfMissing, undefined)
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, partition: 1 } }
  const set = prepared('apps/v1/StatefulSet', { metadata: { name: 's' }, spec: { updateStrategy, template: {} } })
  assert.equal(set.spec.updateStrategy.rollingUpdate, { partition: 1 })
})

test('a lifecycle that said a stop signal only goes with it', () => {
  const container = (lifecycle: object) => ({ name: 'c', image: 'i', lifecycle })
  const spec = {
    containers: [container({ stopSignal: 'SIGINT' })],
    initContainers: [container({ stopSignal: 'SIGINT', preStop: { sleep: { seconds: 1 } } })],
  }
  const pod = prepared('v1/Pod', { metadata: { name: 'p' }, spec })
  assert.is(pod.spec.containers[0]?.lifecycle, undefined)
  assert.equal(pod.spec.initContainers[0]?.lifecycle, { preStop: { sleep: { seconds: 1 } } })
})

test('templates of workloads lose the fields of gates that are off', () => {
  const template = { spec: { containers: [{ name: 'c', image: 'i', lifecycle: { stopSignal: 'SIGINT' } }], schedulingGroup: {} } }
  const metadata = { name: 'x' }
  for (const gvk of [
    'apps/v1/Deployment',
    'apps/v1/ReplicaSet',
    'apps/v1/DaemonSet',
    'apps/v1/StatefulSet',
    'batch/v1/Job',
    'v1/ReplicationController',
  ]) {
    const made = prepared(gvk, { metadata, spec: { template: structuredClone(template) } })
    assert.is('schedulingGroup' in made.spec.template.spec, false, gvk)
    assert.is('lifecycle' in (made.spec.template.spec.containers[0] as object), false, gvk)
    const next = { metadata, spec: { template: structuredClone(template) } }
    assert.is('schedulingGroup' in changed(gvk, next, made).spec.template.spec, false, gvk)
  }
  const cron = prepared('batch/v1/CronJob', {
    metadata,
    spec: { jobTemplate: { spec: { template: structuredClone(template) } } },
  })
  assert.is('schedulingGroup' in cron.spec.jobTemplate.spec.template.spec, false)
})

test('taints of devices without a time are from now', () => {
  const slice = { metadata: { name: 's' }, spec: { devices: [{ name: 'd', taints: [{ key: 'k', effect: 'NoSchedule' }] }] } }
  const made = prepared('resource.k8s.io/v1/ResourceSlice', slice) as typeof slice & {
    spec: { devices: { taints: { timeAdded?: string }[] }[] }
  }
  assert.is(made.spec.devices[0]?.taints[0]?.timeAdded, '2026-01-01T00:00:00Z')
})

test('a pod keeps the class of service that its client says', () => {
  const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  assert.equal(prepared('v1/Pod', { ...pod, status: { qosClass: 'Burstable' } }).status, {
    phase: 'Pending',
    qosClass: 'Burstable',
  } as object)
  assert.equal(prepared('v1/Pod', { ...pod, status: {} }).status as object, { phase: 'Pending', qosClass: 'BestEffort' })
})

test('hand-written rules count the characters of names, as Kubernetes words it', () => {
  const problems = problemsOf('node.k8s.io/v1/RuntimeClass', { metadata: { name: 'r' }, handler: long })
  assert.equal(problems, [`handler: Invalid value: "${long}": must be no more than 63 characters`])
})

test('overhead of a runtime class is kept as fine as it was said', () => {
  const made = prepared('node.k8s.io/v1/RuntimeClass', {
    metadata: { name: 'r' },
    handler: 'h',
    overhead: { podFixed: { cpu: '100u' } },
  })
  assert.equal(made.overhead.podFixed, { cpu: '100u' })
})

test('a condition says what, whether, since when and why', () => {
  const budget = { metadata: { name: 'b' }, spec: {} }
  const status = { conditions: [{ type: 'A', status: 'Maybe' }] }
  assert.equal(changeProblems('policy/v1/PodDisruptionBudget', { ...budget, status }, budget, { subresource: 'status' }), [
    'status.conditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
    'status.conditions[0].lastTransitionTime: Required value',
    'status.conditions[0].reason: Required value',
  ])
})

test('a binding of mutations matches no deletions', () => {
  const rule = { operations: ['DELETE'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }
  const spec = { policyName: 'p', matchResources: { resourceRules: [rule] } }
  assert.equal(problemsOf('admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding', { metadata: { name: 'b' }, spec }), [
    'spec.matchResources.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
  ])
})

test('a status holds no field of a gate that is off, and a job its labels whatever its status says', () => {
  const pod = { metadata: { name: 'p' }, spec: { containers: [] }, status: {} }
  const mount = { name: 'v', mountPath: '/v', volumeStatus: { image: { imageRef: 'i' } } }
  const status = {
    nodeAllocatableResourceClaimStatuses: [{ resourceClaimName: 'c' }],
    containerStatuses: [{ name: 'c', volumeMounts: [mount] }],
  }
  assert.equal(changed('v1/Pod', { ...pod, status }, pod, 'status').status, {
    containerStatuses: [{ name: 'c', volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
  })
  const job = { metadata: { name: 'j' }, spec: { template: { metadata: { labels: { a: 'b' } } } } }
  assert.equal(changed('batch/v1/Job', { metadata: { name: 'j' }, status: {} }, job, 'status').metadata.labels, { a: 'b' })
  const node = { metadata: { name: 'n' }, spec: {}, status: {} }
  assert.equal(changed('v1/Node', { ...node, status: { config: { error: 'e' } } }, node, 'status').status, {})
})

test('a status of a node is not judged as a new node', () => {
  const node = { metadata: { name: 'n' }, spec: {}, status: {} }
  const now = { ...node, status: { nodeInfo: { swap: { capacity: 0 } } } }
  assert.equal(changeProblems('v1/Node', now, node, { subresource: 'status' }), [])
  assert.is(changeProblems('v1/Node', now, node).length, 1)
})

test('a struct that is there but empty is not the same as none', () => {
  const pod = (securityContext: object) => ({
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i' }], securityContext },
  })
  const refused = (now: object) =>
    changeProblems('v1/Pod', pod(now), pod({})).some((p) => p.startsWith('spec: Forbidden: pod updates may not change'))
  assert.ok(refused({ seLinuxOptions: {} }))
  assert.not(refused({ sysctls: [] }), 'an empty list is none')
})

test('topology that is dropped from a slice counts as a change', () => {
  const slice = { metadata: { name: 's', generation: 1 }, addressType: 'IPv4', endpoints: [{ addresses: ['1.2.3.4'] }] }
  const endpoints = [{ addresses: ['1.2.3.4'], deprecatedTopology: { a: 'b' } }]
  const now = changed('discovery.k8s.io/v1/EndpointSlice', { ...slice, metadata: { ...slice.metadata }, endpoints }, slice)
  assert.equal(now.endpoints, slice.endpoints as never)
  assert.is(now.metadata.generation, 2)
})

test('a selector of everything is another than none: what may not change may not get one', () => {
  const term = { topologyKey: 'zone', labelSelector: { matchLabels: { a: 'b' } } }
  const pod = (terms: object) => ({
    metadata: { name: 'p' },
    spec: {
      containers: [{ name: 'c', image: 'i' }],
      affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [terms] } },
    },
  })
  const refused = (object: object, old: object) =>
    changeProblems('v1/Pod', object, old).some((p) => p.includes('pod updates may not change'))
  assert.is(refused(pod({ ...term, namespaceSelector: {} }), pod(term)), true)
  assert.is(refused(pod({ ...term, namespaces: [] }), pod(term)), false)
  const claim = (more: object) => ({
    metadata: { name: 'c' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } }, ...more },
  })
  assert.match(changeProblems('v1/PersistentVolumeClaim', claim({ selector: {} }), claim({})).join(), 'spec is immutable')
})

test('sysctls of a namespace that is shared with the host are refused unless the pod had such ones', () => {
  const pod = (more: object, name: string) => ({
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i' }], ...more, securityContext: { sysctls: [{ name, value: '1' }] } },
  })
  const told = (object: object, old: object) =>
    changeProblems('v1/Pod', object, old).filter((p) => p.includes('may not be specified when'))
  assert.equal(told(pod({ hostNetwork: true }, 'net.a'), pod({}, 'net.a')), [
    `spec.securityContext.sysctls[0].name: Invalid value: "net.a": may not be specified when 'hostNetwork' is true`,
  ])
  assert.equal(told(pod({ hostIPC: true }, 'kernel.sem'), pod({ hostNetwork: true }, 'net.a')), [])
})

test('a controller without labels has those of its template, also when only its status is written', () => {
  const old = prepared('v1/ReplicationController', {
    metadata: { name: 'r' } as { name: string; labels?: object },
    spec: { template: { metadata: { labels: { a: 'b' } } } },
  })
  const next = { metadata: { name: 'r' }, spec: {}, status: { replicas: 0 } }
  assert.equal(changed('v1/ReplicationController', next, old, 'status').metadata.labels, { a: 'b' })
})

test('a status of extended claims without mappings is refused', () => {
  const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  const status = { extendedResourceClaimStatus: { requestMappings: null, resourceClaimName: 'c' } }
  assert.equal(
    changeProblems('v1/Pod', { ...pod, status }, { ...pod, status: {} }, { subresource: 'status' }).filter((p) =>
      p.includes('extended'),
    ),
    ['status.extendedResourceClaimStatus.requestMappings: Required value: at least one request mapping is required'],
  )
})

test.run()
