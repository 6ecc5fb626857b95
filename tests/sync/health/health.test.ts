import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Unstructured } from '../../../src/apimachinery/object.ts'
import { healthOf, stuckReason, worst } from '../../../src/sync/health/health.ts'

const live = (apiVersion: string, kind: string, spec: object, status: object, metadata: object = {}): Unstructured =>
  ({ apiVersion, kind, metadata: { name: 'x', generation: 2, ...metadata }, spec, status }) as unknown as Unstructured
const deployment = (status: object, spec: object = { replicas: 2 }) =>
  live('apps/v1', 'Deployment', spec, { observedGeneration: 2, ...status })
const pod = (status: object, spec: object = {}) => live('v1', 'Pod', spec, status)
const set = (kind: string, status: object, spec: object = { replicas: 2 }) =>
  live('apps/v1', kind, spec, { observedGeneration: 2, ...status })
const rolled = { readyReplicas: 2, currentRevision: 'a', updateRevision: 'a' }
const partition = { replicas: 2, updateStrategy: { rollingUpdate: { partition: 1 } } }
const condition = (type: string, status: string) => ({ conditions: [{ type, status, message: 'why' }] })
const definition = (...conditions: [type: string, status: string][]) =>
  live(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    {},
    { conditions: conditions.map(([type, status]) => ({ type, status })) },
  )
const waiting = (reason: string) => ({ containerStatuses: [{ name: 'web', state: { waiting: { reason, message: 'why' } } }] })

const cases: [string, Unstructured, string][] = [
  ['a Deployment whose status is behind', deployment({ observedGeneration: 1 }), 'Progressing'],
  ['a Deployment with old replicas left', deployment({ updatedReplicas: 2, replicas: 3, availableReplicas: 3 }), 'Progressing'],
  ['a Deployment with too few available', deployment({ updatedReplicas: 2, replicas: 2, availableReplicas: 1 }), 'Progressing'],
  ['a Deployment all available', deployment({ updatedReplicas: 2, replicas: 2, availableReplicas: 2 }), 'Healthy'],
  ['a paused Deployment', deployment({}, { paused: true }), 'Suspended'],
  [
    'a Deployment past its deadline',
    deployment({ conditions: [{ type: 'Progressing', reason: 'ProgressDeadlineExceeded', message: 'slow' }] }),
    'Degraded',
  ],
  ['a Pod that cannot pull', pod({ phase: 'Pending', ...waiting('ImagePullBackOff') }), 'Degraded'],
  ['a Pod that starts', pod({ phase: 'Pending', ...waiting('ContainerCreating') }), 'Progressing'],
  ['a ready Pod', pod({ phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }), 'Healthy'],
  ['a failed Pod', pod({ phase: 'Failed' }, { restartPolicy: 'Never' }), 'Degraded'],
  ['a StatefulSet that nobody has looked at', set('StatefulSet', { ...rolled, observedGeneration: 0 }), 'Progressing'],
  ['a StatefulSet whose status is behind', set('StatefulSet', { ...rolled, observedGeneration: 1 }), 'Progressing'],
  ['a StatefulSet with too few ready', set('StatefulSet', { ...rolled, readyReplicas: 1 }), 'Progressing'],
  ['a StatefulSet that is rolled out', set('StatefulSet', rolled), 'Healthy'],
  ['a StatefulSet between revisions', set('StatefulSet', { ...rolled, updateRevision: 'b' }), 'Progressing'],
  [
    'a StatefulSet between revisions that people update',
    set('StatefulSet', { ...rolled, updateRevision: 'b' }, { replicas: 2, updateStrategy: { type: 'OnDelete' } }),
    'Healthy',
  ],
  ['a StatefulSet above its partition', set('StatefulSet', { ...rolled, updatedReplicas: 0 }, partition), 'Progressing'],
  ['a StatefulSet at its partition', set('StatefulSet', { ...rolled, updatedReplicas: 1 }, partition), 'Healthy'],
  ['a DaemonSet with old pods', set('DaemonSet', { desiredNumberScheduled: 2, updatedNumberScheduled: 1 }, {}), 'Progressing'],
  [
    'a DaemonSet with too few available',
    set('DaemonSet', { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 }, {}),
    'Progressing',
  ],
  [
    'a DaemonSet all available',
    set('DaemonSet', { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 }, {}),
    'Healthy',
  ],
  [
    'a ReplicaSet that cannot make pods',
    set('ReplicaSet', { availableReplicas: 2, ...condition('ReplicaFailure', 'True') }),
    'Degraded',
  ],
  ['a ReplicaSet with too few available', set('ReplicaSet', { availableReplicas: 1 }), 'Progressing'],
  ['a ReplicaSet all available', set('ReplicaSet', { availableReplicas: 2 }), 'Healthy'],
  ['a claim with a volume', live('v1', 'PersistentVolumeClaim', {}, { phase: 'Bound' }), 'Healthy'],
  ['a claim without one', live('v1', 'PersistentVolumeClaim', {}, { phase: 'Pending' }), 'Progressing'],
  ['a claim whose volume is gone', live('v1', 'PersistentVolumeClaim', {}, { phase: 'Lost' }), 'Degraded'],
  ['a definition whose names are taken', definition(['NamesAccepted', 'False']), 'Degraded'],
  ['a definition of no structure', definition(['NamesAccepted', 'True'], ['NonStructuralSchema', 'True']), 'Degraded'],
  ['a definition that is not served yet', definition(['NamesAccepted', 'True']), 'Progressing'],
  ['a definition that is served', definition(['NamesAccepted', 'True'], ['Established', 'True']), 'Healthy'],
  ['a Job that is suspended', live('batch/v1', 'Job', {}, condition('Suspended', 'True')), 'Suspended'],
  ['a Job that is complete', live('batch/v1', 'Job', {}, condition('Complete', 'True')), 'Healthy'],
  ['a Job that runs', live('batch/v1', 'Job', {}, {}), 'Progressing'],
  ['a Job that failed', live('batch/v1', 'Job', {}, { conditions: [{ type: 'Failed', status: 'True' }] }), 'Degraded'],
  ['a LoadBalancer without address', live('v1', 'Service', { type: 'LoadBalancer' }, {}), 'Progressing'],
  ['a LoadBalancer with one', live('v1', 'Service', { type: 'LoadBalancer' }, { loadBalancer: { ingress: [{}] } }), 'Healthy'],
  ['a Service of the cluster', live('v1', 'Service', { type: 'ClusterIP' }, {}), 'Healthy'],
  ['an APIService that answers', live('apiregistration.k8s.io/v1', 'APIService', {}, condition('Available', 'True')), 'Healthy'],
  [
    'an APIService that does not',
    live('apiregistration.k8s.io/v1', 'APIService', {}, condition('Available', 'False')),
    'Progressing',
  ],
  ['a ConfigMap', live('v1', 'ConfigMap', {}, {}), 'Healthy'],
  ['what is being deleted', live('v1', 'ConfigMap', {}, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' }), 'Progressing'],
]
for (const [what, object, expected] of cases) test(`${what} is ${expected}`, () => assert.is(healthOf(object).status, expected))

test('the worst status counts', () => assert.is(worst(['Healthy', 'Degraded', 'Progressing']), 'Degraded'))

test('a container that waits for nothing that comes by itself is stuck, with the reason', () => {
  assert.is(stuckReason(pod(waiting('CrashLoopBackOff'))), 'container web: CrashLoopBackOff: why')
  assert.is(stuckReason(pod(waiting('PodInitializing'))), undefined)
})

test.run()
