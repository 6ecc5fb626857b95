import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { kindProblem } from '../../../src/api/schema/schemes.ts'

const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' }
const definition = { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition' }
const event = { group: 'events.k8s.io', version: 'v1', kind: 'Event' }

const unknown = (kind: string, version: string) =>
  `no kind "${kind}" is registered for version "${version}" in scheme "pkg/runtime/scheme.go:111"`

test('versions that are not served, and groups that a kind was in, are known', () => {
  assert.is(kindProblem('apps/v1', 'Deployment', deployment), undefined)
  assert.is(kindProblem('apps/v1beta2', 'Deployment', deployment), undefined)
  assert.is(kindProblem('extensions/v1beta1', 'Deployment', deployment), undefined)
  assert.is(kindProblem('v1', 'Event', event), undefined)
  assert.is(kindProblem('apps/v1beta9', 'Deployment', deployment), unknown('Deployment', 'apps/v1beta9'))
  assert.is(kindProblem('apps/v1beta1', 'DaemonSet', deployment), unknown('DaemonSet', 'apps/v1beta1'))
})

test('another kind that is known cannot be converted', () => {
  const to = (kind: string) => `converting (${kind}) to (apps.Deployment): unknown conversion`
  assert.is(kindProblem('v1', 'Pod', deployment), to('v1.Pod'))
  assert.is(kindProblem('batch/v1beta1', 'CronJob', deployment), to('v1beta1.CronJob'))
  assert.is(kindProblem('v1', 'Status', deployment), to('v1.Status'))
  assert.is(kindProblem('v1', 'Pod', event), 'converting (v1.Pod) to (core.Event): unknown conversion')
})

test('what serves definitions knows them and nothing else; nobody else knows them', () => {
  assert.is(kindProblem('v1', 'Pod', definition), unknown('Pod', 'v1'))
  assert.is(kindProblem('/v1', 'Pod', definition), unknown('Pod', 'v1'))
  assert.is(
    kindProblem('apiextensions.k8s.io/v1', 'CustomResourceDefinition', deployment),
    unknown('CustomResourceDefinition', 'apiextensions.k8s.io/v1'),
  )
  assert.is(kindProblem('apiextensions.k8s.io/v1beta1', 'CustomResourceDefinition', definition), undefined)
  assert.is(
    kindProblem('v1', 'Status', definition),
    'converting (v1.Status) to (apiextensions.CustomResourceDefinition): unknown conversion',
  )
  assert.is(kindProblem('meta.k8s.io/v1', 'Table', deployment), unknown('Table', 'meta.k8s.io/v1'))
})

test.run()
