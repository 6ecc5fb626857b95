import { readdirSync, readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { header } from './exposition.ts'

const started = Date.now() / 1000
/** Begun by the first scrape: it wakes the process up, which nobody should pay for who does not look. */
let delay: ReturnType<typeof monitorEventLoopDelay> | undefined

const metric = (name: string, type: 'counter' | 'gauge', help: string, value: number): string[] => [
  ...header(name, type, help),
  `${name} ${value}`,
]

/** Of the process and its event loop: the names of Prometheus' client libraries. */
export function processMetrics(): string[] {
  const { rss, heapUsed, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return [
    ...metric('process_cpu_seconds_total', 'counter', 'User and system CPU time in seconds.', (user + system) / 1e6),
    ...metric('process_resident_memory_bytes', 'gauge', 'Resident memory size in bytes.', rss),
    ...linuxMetrics(),
    ...metric('process_start_time_seconds', 'gauge', 'Start time of the process since the epoch in seconds.', started),
    ...metric('nodejs_heap_used_bytes', 'gauge', 'JavaScript heap in use.', heapUsed),
    ...metric('nodejs_external_memory_bytes', 'gauge', 'Memory outside of the heap that JavaScript holds.', external),
    ...loopMetrics(),
  ]
}

function linuxMetrics(): string[] {
  try {
    const pages = Number(readFileSync('/proc/self/statm', 'utf8').split(' ', 1)[0])
    const limits = readFileSync('/proc/self/limits', 'utf8')
    const most = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
    const memory = /^Max address space\s+(\d+|unlimited)/m.exec(limits)?.[1]
    return [
      ...metric('process_virtual_memory_bytes', 'gauge', 'Virtual memory size in bytes.', pages * 4096),
      ...metric('process_open_fds', 'gauge', 'Open file descriptors.', readdirSync('/proc/self/fd').length),
      ...(memory ? metric('process_virtual_memory_max_bytes', 'gauge', 'Most virtual memory in bytes.', sizeOf(memory)) : []),
      ...networkMetrics(readFileSync('/proc/self/net/netstat', 'utf8')),
      ...(most ? metric('process_max_fds', 'gauge', 'Most open file descriptors.', Number(most)) : []),
    ]
  } catch {
    // Not Linux.
    return []
  }
}

/** Without a limit all 64 bits are set, as in client_golang. */
const sizeOf = (limit: string): number => (limit === 'unlimited' ? 2 ** 64 : Number(limit))

/** Of the network namespace that the process is in: the lines IpExt, names and then numbers. */
export function networkMetrics(netstat: string): string[] {
  const [names = [], numbers = []] = netstat
    .split('\n')
    .filter((line) => line.startsWith('IpExt:'))
    .map((line) => line.split(' '))
  const at = (name: string): number => Number(numbers[names.indexOf(name)] ?? 0)
  return [
    ...metric('process_network_receive_bytes_total', 'counter', 'Bytes received over the network.', at('InOctets')),
    ...metric('process_network_transmit_bytes_total', 'counter', 'Bytes sent over the network.', at('OutOctets')),
  ]
}

/** Since the last scrape. */
function loopMetrics(): string[] {
  if (!delay) {
    delay = monitorEventLoopDelay({ resolution: 10 })
    delay.enable()
    return []
  }
  const seconds = (ns: number) => (Number.isFinite(ns) ? ns / 1e9 : 0)
  const lines = [
    ...metric('nodejs_eventloop_lag_p99_seconds', 'gauge', 'Delay of the event loop.', seconds(delay.percentile(99))),
    ...metric('nodejs_eventloop_lag_max_seconds', 'gauge', 'Longest delay of the event loop.', seconds(delay.max)),
  ]
  delay.reset()
  return lines
}
