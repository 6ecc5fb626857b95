import type { Service } from '../../apimachinery/kinds.generated.ts'
import { keyOf } from '../../apimachinery/object.ts'
import { services } from '../../apimachinery/resources.generated.ts'
import type { InformerSet } from '../../client/informer-set.ts'
import type { Log } from '../../operators/log.ts'
import { serviceOf, slicesByService } from '../service-slices.ts'
import { Records, recordsOf } from './records.ts'
import { type DnsServer, startDnsServer } from './server.ts'
import { createUpstream } from './upstream.ts'
import { answerQuestion } from './zone.ts'

interface DnsOptions {
  readonly informers: InformerSet
  readonly address: string
  readonly port: number
  /** Of the Service kube-dns. */
  readonly clusterIp: string
  readonly domain: string
  readonly cidrs: readonly string[]
  /** Servers for names outside the cluster; default those of /etc/resolv.conf. */
  readonly upstreams?: readonly string[]
  readonly log: Log
}

/** Serves the names of the cluster, kept by the Services and EndpointSlices as they change. */
export async function startDns(options: DnsOptions): Promise<DnsServer> {
  const { informers, address, port, clusterIp, domain, cidrs, log } = options
  const records = new Records()
  follow(informers, records)
  const except = [address, clusterIp]
  const upstream = createUpstream({ except, ...(options.upstreams ? { servers: options.upstreams } : {}) })
  return startDnsServer({
    address,
    port,
    upstream,
    answer: (question) => answerQuestion({ records, domain, cidrs, serverIp: clusterIp }, question),
    onError: (error) => log.warn('a name could not be resolved', { reason: (error as Error).message }),
  })
}

function follow(informers: InformerSet, records: Records): void {
  const serviceInformer = informers.of<Service>(services)
  const sliceInformer = slicesByService(informers)
  const update = (key: string): void => {
    const service = serviceInformer.get(key)
    records.replace(key, service && recordsOf(service, sliceInformer.byIndex('service', key)))
  }
  serviceInformer.onChange((now, before) => update(keyOf((now ?? before) as Service)))
  sliceInformer.onChange((now, before) => {
    if (before) update(serviceOf(before))
    if (now && (!before || serviceOf(before) !== serviceOf(now))) update(serviceOf(now))
  })
}
