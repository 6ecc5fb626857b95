import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { networkMetrics } from '../../../src/api/health/process-metrics.ts'

test('bytes over the network are those of the IpExt lines, by their names', () => {
  const netstat = 'TcpExt: A InOctets\nTcpExt: 1 2\nIpExt: InNoRoutes InOctets OutOctets\nIpExt: 7 300 40\n'
  const lines = networkMetrics(netstat).filter((line) => !line.startsWith('#'))
  assert.equal(lines, ['process_network_receive_bytes_total 300', 'process_network_transmit_bytes_total 40'])
})

test.run()
