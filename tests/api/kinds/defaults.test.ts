import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { kinds } from '../../../src/api/kinds/index.ts'
import { fillDefaults } from '../../../src/api/kinds/kind.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import { atOnce } from '../../../src/apimachinery/steps.ts'

const kindOf = (gvk: string) => {
  const found = kinds.find((k) => k.gvk === gvk)
  if (!found) throw new Error(`no ${gvk}`)
  return found
}

const defaulted = (gvk: string, object: object) => {
  const copy = structuredClone(object) as KubeObject
  atOnce(fillDefaults(kindOf(gvk), copy))
  return copy as unknown as Record<string, unknown>
}

test('every kind is listed once', () => {
  const names = kinds.map((k) => k.gvk)
  assert.is(new Set(names).size, names.length)
  assert.is(names.length, 68)
})

test('a deployment rolls by quarters and its template is defaulted, once', () => {
  const object = { metadata: {}, spec: { selector: {}, template: { spec: { containers: [{ name: 'c', image: 'nginx' }] } } } }
  const first = defaulted('apps/v1/Deployment', object)
  const spec = first.spec as Record<string, unknown>
  assert.equal(spec.strategy, { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } })
  assert.match(JSON.stringify(spec.template), /"imagePullPolicy":"Always"/)
  assert.equal(defaulted('apps/v1/Deployment', first), first)
})

test('the pull policy follows the tag', () => {
  const policy = (image: string) => {
    const pod = defaulted('v1/Pod', { metadata: {}, spec: { containers: [{ name: 'c', image }] } })
    return (pod.spec as { containers: { imagePullPolicy: string }[] }).containers[0]?.imagePullPolicy
  }
  assert.is(policy('nginx'), 'Always')
  assert.is(policy('nginx:1.2'), 'IfNotPresent')
  assert.is(policy('r.example:5000/a/b'), 'Always')
  assert.is(policy(`nginx@sha256:${'a'.repeat(64)}`), 'IfNotPresent')
})

test('requests follow limits in pods', () => {
  const pod = defaulted('v1/Pod', { metadata: {}, spec: { containers: [{ name: 'c', resources: { limits: { cpu: '1' } } }] } })
  assert.match(JSON.stringify(pod), /"requests":\{"cpu":"1"\}/)
})

test('an autoscaler survives the trip through v1', () => {
  const { storedAs } = kindOf('autoscaling/v1/HorizontalPodAutoscaler')
  const stored = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'a' },
    spec: {
      scaleTargetRef: { kind: 'Deployment', name: 'd' },
      minReplicas: 1,
      maxReplicas: 3,
      metrics: [
        { type: 'Pods', pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '5' } } },
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
      behavior: { scaleDown: { policies: [{ type: 'Pods', value: 1, periodSeconds: 15 }] } },
    },
    status: { desiredReplicas: 0, currentMetrics: null },
  }
  const v1 = storedAs?.fromStored(stored as unknown as KubeObject)
  assert.equal(storedAs?.toStored(v1 as KubeObject), stored)
})

test.run()
