import { Gauge } from '../health/exposition.ts'
import type { Allocator } from './allocator.ts'

/** How many addresses and node ports Services have, and how many are left. */
export class AllocationMetrics {
  readonly #addresses = gauges('clusterip_allocator', 'ips', 'IPs')
  readonly #ports = gauges('nodeport_allocator', 'ports', 'NodePorts')
  #pools: { readonly cidr: string; readonly addresses: Allocator; readonly ports: Allocator } | undefined

  /** Tells of these from now on. */
  follow(cidr: string, addresses: Allocator, ports: Allocator): void {
    this.#pools = { cidr, addresses, ports }
  }

  *lines(): Iterable<string> {
    if (!this.#pools) return
    const { cidr, addresses, ports } = this.#pools
    yield* linesOf(this.#addresses, `cidr="${cidr}"`, addresses)
    yield* linesOf(this.#ports, '', ports)
  }
}

interface Gauges {
  readonly allocated: Gauge
  readonly available: Gauge
}

function gauges(allocator: string, what: string, name: string): Gauges {
  const prefix = `kube_apiserver_${allocator}`
  return {
    allocated: new Gauge(`${prefix}_allocated_${what}`, `Gauge measuring the number of allocated ${name} for Services`),
    available: new Gauge(`${prefix}_available_${what}`, `Gauge measuring the number of available ${name} for Services`),
  }
}

function* linesOf({ allocated, available }: Gauges, labels: string, { taken, size }: Allocator): Iterable<string> {
  allocated.set(labels, taken)
  available.set(labels, size - taken)
  yield* allocated.lines()
  yield* available.lines()
}
