import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Unstructured } from '../../../src/apimachinery/object.ts'
import { healthOf, stuckReason, worst } from '../../../src/sync/health/health.ts'

const live = (apiVersion: string, kind: string, spec: object, status: object, metadata: object = {}): Unstructured =>
  ({ apiVersion, kind, metadata: { name: 'x', generation: 2, ...metadata }, spec, status }) as unknown as Unstructured
const deployment = (status: object, spec: object = { replicas: 2 }) =>
  live('apps/v1', 'Deployment', spec, { observedGeneration: 2, ...status })
const pod = (status: object, spec: object = {}) => live('v1', 'Pod', spec, status)
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
  ['a Job that failed', live('batch/v1', 'Job', {}, { conditions: [{ type: 'Failed', status: 'True' }] }), 'Degraded'],
  ['a LoadBalancer without address', live('v1', 'Service', { type: 'LoadBalancer' }, {}), 'Progressing'],
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
