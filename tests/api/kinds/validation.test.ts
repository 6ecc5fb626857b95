import * as assert from 'node:assert/strict'
import { test } from 'uvu'
import { kinds } from '../../../src/api/kinds/index.ts'
import { fillDefaults, found, type KindContext } from '../../../src/api/kinds/kind.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import { atOnce } from '../../../src/apimachinery/steps.ts'

const context: KindContext = { now: '2026-01-01T00:00:00Z', user: 'admin', subresource: '', requested: '' }

function problems(gvk: string, object: object, old?: object): string[] {
  const kind = kinds.find((k) => k.gvk === gvk)
  assert.ok(kind, gvk)
  const own = structuredClone(object) as KubeObject
  atOnce(fillDefaults(kind, own))
  if (!old) return atOnce(found(kind.validate?.(own, context))).map((e) => `${e.field}: ${e.message}`)
  const before = structuredClone(old) as KubeObject
  atOnce(fillDefaults(kind, before))
  return atOnce(found(kind.validateUpdate?.(own, before, context))).map((e) => `${e.field}: ${e.message}`)
}

const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
const deployment = (selector: object, more: object = {}) => ({
  metadata: { name: 'd' },
  spec: { selector, template, ...more },
})

test('a deployment selects its pods', () => {
  assert.deepEqual(problems('apps/v1/Deployment', deployment({ matchLabels: { a: 'b' } })), [])
  assert.deepEqual(problems('apps/v1/Deployment', deployment({ matchLabels: { a: 'c' } })), [
    'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
  ])
})

test('a selector does not change', () => {
  const old = deployment({ matchLabels: { a: 'b' } })
  const now = deployment({ matchExpressions: [{ key: 'a', operator: 'Exists' }] })
  assert.equal(problems('apps/v1/Deployment', now, old).length, 1)
})

test('cron schedules are told what is wrong with them', () => {
  const cronJob = (schedule: string) => ({
    metadata: { name: 'c' },
    spec: { schedule, jobTemplate: { spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } } },
  })
  assert.deepEqual(problems('batch/v1/CronJob', cronJob('*/5 * * * *')), [])
  assert.deepEqual(problems('batch/v1/CronJob', cronJob('61 * * * *')), [
    'spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61',
  ])
  assert.deepEqual(problems('batch/v1/CronJob', cronJob('* * *')), [
    'spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]',
  ])
})

test('a cluster role binding names no role of a namespace', () => {
  const binding = { metadata: { name: 'b' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' } }
  assert.deepEqual(problems('rbac.authorization.k8s.io/v1/ClusterRoleBinding', binding), [
    'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
  ])
})

test('every kind bears an object with an empty spec', () => {
  for (const kind of kinds) {
    // A definition's schema asks for its spec before these run.
    if (kind.gvk.endsWith('/CustomResourceDefinition')) continue
    for (const rest of [{ spec: {} }, { spec: {}, status: {} }]) {
      const object = { metadata: { name: 'x' }, ...rest } as KubeObject
      atOnce(fillDefaults(kind, object))
      atOnce(found(kind.validate?.(object, context)))
      atOnce(found(kind.validateUpdate?.(object, structuredClone(object), context)))
      kind.warnings?.(object, undefined, context)
      kind.cells?.(object, 0)
    }
  }
})

test.run()
