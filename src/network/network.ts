import { aborted } from '../apimachinery/aborted.ts'
import { type Clock, systemClock } from '../apimachinery/clock.ts'
import type { Client } from '../client/client.ts'
import type { InformerSet } from '../client/informer-set.ts'
import { type Log, stderrLog } from '../operators/log.ts'
import { runControllers } from '../operators/run-controllers.ts'
import { sharedInformers } from '../operators/shared-informers.ts'
import { addressAt } from './cidr.ts'
import { startDns } from './dns/dns.ts'
import { ensureDnsService } from './dns/dns-service.ts'
import { loadBalancerController } from './load-balancer.ts'
import { BackendMissing } from './proxy/backend.ts'
import { chooseBackend, type ProxyMode, removeBackends } from './proxy/choose.ts'
import { prepareHost, restoreHost } from './proxy/host-settings.ts'
import { startProxy } from './proxy/proxy.ts'

interface NetworkOptions {
  readonly client: Client
  readonly nodeName: string
  /** More nodes of this machine: together with `nodeName` they are what a traffic policy Local keeps to. */
  readonly localNodes?: readonly string[]
  /** What Services of type LoadBalancer are reached on. */
  readonly nodeAddresses: readonly string[]
  readonly podCidr: string
  readonly serviceCidr: string
  /** What carries Services; default `auto`: nftables, or iptables where that can't be used. */
  readonly proxy?: ProxyMode
  /** Where the name server listens, on an address that pods reach (not loopback). */
  readonly dns: { readonly address: string; readonly port: number }
  /** Default `cluster.local`. */
  readonly domain?: string
  readonly signal: AbortSignal
  /** Shared with others in the process; made when absent. */
  readonly informers?: InformerSet
  readonly log?: Log
  readonly clock?: Clock
}

interface Network {
  /** What carries Services: `nftables`, `iptables (nf_tables)` or `iptables (legacy)`; undefined when this machine can't, and why. */
  readonly proxy: string | undefined
  readonly problem: string | undefined
  /** Resolves when everything has ended, after `signal` aborted. The kernel's rules stay: running pods keep their Services. */
  readonly stopped: Promise<void>
}

/** Service addresses, cluster DNS and load balancer addresses of one machine. Resolves when they work. */
export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const { client, signal, podCidr, serviceCidr, clock = systemClock, log = stderrLog(), domain = 'cluster.local' } = options
  const informers = sharedInformers(client, { informers: options.informers, signal, clock, log })
  const clusterIp = addressAt(serviceCidr, 10)
  const dns = await startDns({ ...options.dns, informers, clusterIp, domain, cidrs: [podCidr, serviceCidr], log })
  const closed = aborted(signal).then(() => dns.close())
  await ensureDnsService(client, { address: options.dns.address, port: dns.port, clusterIp })
  const { proxy, problem } = await carry({ ...options, informers, clock, log })
  const balancer = runControllers(client, [loadBalancerController(options.nodeAddresses)], { signal, informers, clock, log })
  await balancer.started
  return {
    proxy,
    problem,
    stopped: Promise.all([closed, balancer.stopped]).then(() => {}),
  }
}

type Ready = NetworkOptions & { readonly informers: InformerSet; readonly clock: Clock; readonly log: Log }

async function carry({ podCidr, serviceCidr, informers, clock, log, signal, nodeName, localNodes = [], proxy }: Ready) {
  try {
    const ranges = { podCidr, serviceCidr, ...(await prepareHost(podCidr, log)) }
    const backend = await chooseBackend(proxy ?? 'auto', ranges, log)
    await startProxy({ ...ranges, backend, informers, clock, log, signal, localNodes: new Set([nodeName, ...localNodes]) })
    return { proxy: backend.name, problem: undefined }
  } catch (error) {
    if (!(error instanceof BackendMissing)) throw error
    log.error('Services have no addresses on this machine; pods, Git and the API work', error)
    return { proxy: undefined, problem: error.message }
  }
}

/** Takes back everything the network made on this machine: the rules of every backend, and what was set for them. Does nothing where there is none. */
export async function removeNetwork(podCidr: string): Promise<void> {
  await removeBackends()
  await restoreHost(podCidr)
}
