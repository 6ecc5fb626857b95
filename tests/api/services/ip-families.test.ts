import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { settleFamilies } from '../../../src/api/services/ip-families.ts'
import type { ServiceSpec } from '../../../src/apimachinery/kinds.generated.ts'

const settled = (spec: ServiceSpec, old?: ServiceSpec) => {
  const errors = settleFamilies(spec, old).map(({ field, message }) => `${field}: ${message}`)
  return { families: spec.ipFamilies, policy: spec.ipFamilyPolicy, errors }
}

test('a Service is of IPv4 alone, unless it is headless and selects no pods', () => {
  assert.equal(settled({ type: 'ClusterIP', selector: { a: 'b' } }), { families: ['IPv4'], policy: 'SingleStack', errors: [] })
  const headless: ServiceSpec = { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'] }
  assert.equal(settled(headless), { families: ['IPv4', 'IPv6'], policy: 'RequireDualStack', errors: [] })
  assert.equal(settled({ ...headless, ipFamilies: ['IPv6'] }).families, ['IPv6', 'IPv4'])
})

test('what the cluster has not is refused', () => {
  assert.equal(settled({ type: 'ClusterIP', ipFamilies: ['IPv6'] }).errors, [
    'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
  ])
  assert.equal(settled({ type: 'ClusterIP', clusterIP: 'fd00::1', clusterIPs: ['fd00::1'] }).errors, [
    'spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster',
  ])
})

test('the second family goes only with the policy SingleStack', () => {
  const old: ServiceSpec = { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'], ipFamilies: ['IPv4', 'IPv6'] }
  const kept = { ...old, ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4'] } as ServiceSpec
  assert.match(settled(kept, old).errors[0] ?? '', /must be 'SingleStack' to release the secondary IP family$/)
  assert.equal(settled({ ...old, ipFamilyPolicy: 'SingleStack' }, old).families, ['IPv4'])
})

test.run()
