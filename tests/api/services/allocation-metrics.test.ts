import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { AllocationMetrics } from '../../../src/api/services/allocation-metrics.ts'
import { addressAllocator, portAllocator } from '../../../src/api/services/allocator.ts'

test('what Services have and what is left is told for the range and for node ports', () => {
  const metrics = new AllocationMetrics()
  assert.equal([...metrics.lines()], [])
  const [addresses, ports] = [addressAllocator('10.43.0.0/24', () => 0), portAllocator(() => 0)]
  metrics.follow('10.43.0.0/24', addresses, ports)
  addresses.take(addresses.first)
  ports.take(30_001)
  // One port of two protocols.
  ports.take(30_001)
  const samples = () => [...metrics.lines()].filter((line) => !line.startsWith('#'))
  assert.equal(samples(), [
    'kube_apiserver_clusterip_allocator_allocated_ips{cidr="10.43.0.0/24"} 1',
    'kube_apiserver_clusterip_allocator_available_ips{cidr="10.43.0.0/24"} 253',
    'kube_apiserver_nodeport_allocator_allocated_ports 1',
    'kube_apiserver_nodeport_allocator_available_ports 2767',
  ])
  addresses.release(addresses.first)
  assert.is(samples()[0], 'kube_apiserver_clusterip_allocator_allocated_ips{cidr="10.43.0.0/24"} 0')
})

test.run()
