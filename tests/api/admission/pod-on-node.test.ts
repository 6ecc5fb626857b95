import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AdmissionRequest } from '../../../src/api/admission/admission.ts'
import { nodeDeclaredFeatureValidator } from '../../../src/api/admission/plugins/node-declared-features.ts'
import { podResizeValidator } from '../../../src/api/admission/plugins/pod-resize.ts'
import { podTopologyLabels } from '../../../src/api/admission/plugins/pod-topology-labels.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import { nodes } from '../../../src/apimachinery/resources.generated.ts'
import type { StatusError } from '../../../src/apimachinery/status.ts'
import { ObjectsInMemory } from '../auth/objects-in-memory.ts'

const zone = 'topology.kubernetes.io/zone'
const cluster = (node: object = {}) =>
  new ObjectsInMemory().put(nodes, {
    metadata: { name: 'n1', labels: { [zone]: 'z1', other: 'x' } },
    status: { allocatable: { cpu: '2', memory: '1Gi' } },
    ...node,
  } as KubeObject)

const request = (part: Partial<Record<keyof AdmissionRequest, unknown>>): AdmissionRequest =>
  ({
    operation: 'UPDATE',
    group: '',
    version: 'v1',
    resource: 'pods',
    subresource: 'resize',
    kind: 'Pod',
    namespace: 'x',
    name: 'p',
    options: {},
    dryRun: false,
    user: { name: 'jane', groups: [] },
    warn: () => {},
    ...part,
  }) as AdmissionRequest

const pod = (generation: number, cpu: string, more: object = {}) => ({
  metadata: { name: 'p', generation },
  spec: { nodeName: 'n1', containers: [{ name: 'c', resources: { requests: { cpu } } }], ...more },
})

async function refusal(check: () => unknown): Promise<StatusError['status'] | undefined> {
  try {
    await check()
    return undefined
  } catch (error) {
    return (error as StatusError).status
  }
}

test('a pod that is bound gets the zone and region of its node, and no other label', () => {
  const binding = { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n1' } }
  const asked = request({ operation: 'CREATE', subresource: 'binding', object: binding })
  podTopologyLabels(cluster()).mutate?.(asked)
  assert.equal((asked.object as KubeObject).metadata.labels, { [zone]: 'z1' })
})

test('a pod that names its node itself gets them too; one whose node is unknown gets none', () => {
  const own = request({ operation: 'CREATE', subresource: '', object: pod(1, '1') })
  podTopologyLabels(cluster()).mutate?.(own)
  assert.equal((own.object as KubeObject).metadata.labels, { [zone]: 'z1' })
  const lost = request({ operation: 'CREATE', subresource: '', object: pod(1, '1', { nodeName: 'gone' }) })
  podTopologyLabels(cluster()).mutate?.(lost)
  assert.is((lost.object as KubeObject).metadata.labels, undefined)
})

test('a resize beyond what the node can give is refused with what was asked and what there is', async () => {
  const asked = request({ object: pod(2, '2500m'), oldObject: pod(1, '1') })
  const status = await refusal(() => podResizeValidator(cluster()).validate?.(asked))
  assert.match(status?.message ?? '', /node didn't have enough allocatable resources: cpu, requested: 2500, allocatable: 2000$/)
  assert.equal(status?.details?.causes, [{ reason: 'NodeCapacity' }])
})

test('a resize within the node is let through, and so is one that changes nothing', async () => {
  const within = request({ object: pod(2, '2'), oldObject: pod(1, '1') })
  assert.is(await refusal(() => podResizeValidator(cluster()).validate?.(within)), undefined)
  const same = request({ object: pod(1, '9'), oldObject: pod(1, '9') })
  assert.is(await refusal(() => podResizeValidator(cluster()).validate?.(same)), undefined)
})

test('pod-level resources are changed only on nodes that declare they can', async () => {
  const asked = request({ object: pod(2, '1', { resources: { requests: { cpu: '2' } } }), oldObject: pod(1, '1') })
  const status = await refusal(() => nodeDeclaredFeatureValidator(cluster()).validate?.(asked))
  assert.match(
    status?.message ?? '',
    /requires features InPlacePodLevelResourcesVerticalScaling which are not available on node "n1"$/,
  )
  const able = cluster({ status: { declaredFeatures: ['InPlacePodLevelResourcesVerticalScaling'] } })
  assert.is(await refusal(() => nodeDeclaredFeatureValidator(able).validate?.(asked)), undefined)
})

test.run()
