import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { changeProblems, prepared, problemsOf } from '../kind-case.ts'

const claim = (exactly: object) => ({
  metadata: { name: 'c', namespace: 'n' },
  spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'd', ...exactly } }] } },
})
const gvk = 'resource.k8s.io/v1/ResourceClaim'

test('admin access needs a namespace that is labelled for it', () => {
  const asked = claim({ adminAccess: true })
  assert.equal(problemsOf(gvk, asked, { namespaceLabels: () => ({}) }), [
    'spec.devices.requests[0].adminAccess: Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace',
  ])
  assert.equal(problemsOf(gvk, asked, { namespaceLabels: () => ({ 'resource.kubernetes.io/admin-access': 'true' }) }), [])
})

test('a toleration of a device taint compares when it says nothing else', () => {
  assert.equal(problemsOf(gvk, claim({ tolerations: [{ key: 'k', value: 'v' }] })), [])
})

test('a template of claims has labels and annotations only', () => {
  const template = { metadata: { name: 't' }, spec: { metadata: { name: 'x', uid: 'u', labels: { a: 'b' } }, spec: {} } }
  assert.equal(problemsOf('resource.k8s.io/v1/ResourceClaimTemplate', template), [
    'spec.metadata.name: Forbidden: cannot be set',
    'spec.metadata.uID: Forbidden: cannot be set',
  ])
})

test('what is said of a device is of one that the claim got, in full', () => {
  const old = claim({})
  const result = { request: 'r', driver: 'd.example.com', pool: 'p', device: 'x' }
  const status = (device: object) => ({ ...old, status: { allocation: { devices: { results: [result] } }, devices: [device] } })
  const problems = (device: object) => changeProblems(gvk, status(device), old, { subresource: 'status' })
  const { request: _, ...place } = result
  assert.equal(problems({ ...place, networkData: { ips: ['10.0.0.1/24'] } }), [])
  assert.equal(problems({ ...place, device: 'y' }), [
    'status.devices[0]: Invalid value: {"Driver":"d.example.com","Pool":"p","Device":"y","ShareID":""}: must be an allocated device in the claim',
  ])
  assert.equal(problems({ ...place, networkData: { ips: ['10.0.0.1'] } }), [
    'status.devices[0].networkData.ips[0]: Invalid value: "10.0.0.1": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
  ])
})

const slice = (device: object) => ({
  metadata: { name: 's' },
  spec: {
    driver: 'd.example.com',
    nodeName: 'n',
    pool: { name: 'p', resourceSliceCount: 1, generation: 0 },
    devices: [{ name: 'x', ...device }],
  },
})
const sliceKind = 'resource.k8s.io/v1/ResourceSlice'

test('a request policy of a shared capacity has one form, a default within it, and steps that reach it', () => {
  const problems = (requestPolicy: object) =>
    problemsOf(sliceKind, slice({ allowMultipleAllocations: true, capacity: { m: { value: '10Gi', requestPolicy } } }))
  const at = 'spec.devices[0].capacity[m].requestPolicy'
  assert.equal(problems({ default: '2Gi', validRange: { min: '1Gi', max: '10Gi', step: '1Gi' } }), [])
  assert.equal(problems({ validValues: ['1Gi'] }), [`${at}.default: Required value: required when validValues is defined`])
  assert.equal(problems({ default: '3Gi', validValues: ['2Gi', '1Gi'] }), [
    `${at}.validValues[1]: Invalid value: "1Gi": values must be sorted in ascending order`,
    `${at}.validValues: Invalid value: "3Gi": default value is not valid according to the requestPolicy`,
  ])
  assert.equal(problems({ default: '1536Mi', validRange: { min: '1Gi', step: '1Gi' } }), [
    `${at}.validRange.step: Invalid value: "1536Mi": value is not a multiple of a given step (1Gi) from (1Gi)`,
  ])
})

test('lists of attribute values and node resources of devices are dropped: their gates are off', () => {
  const made = prepared(
    sliceKind,
    slice({ attributes: { a: { ints: [1], int: 2 } }, nodeAllocatableResourceMappings: { cpu: {} } }),
  )
  assert.equal(made.spec.devices[0], { name: 'x', attributes: { a: { int: 2 } } })
})

test.run()
