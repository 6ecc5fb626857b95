import type { Pod } from '../../apimachinery/kinds.generated.ts'

/** Content of the /etc/hosts of a pod that has an address of its own, as kubelet writes it. */
export function hostsFile(pod: Pod, ip: string, hostname: string, domain: string | undefined): string {
  const names = domain ? `${hostname}.${domain}\t${hostname}` : hostname
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    `${ip}\t${names}`,
  ]
  return `${lines.join('\n')}\n${aliases(pod)}`
}

/** /etc/hosts of a pod on the host's network: the host's own and the pod's aliases. */
export function hostNetworkHostsFile(pod: Pod, hostFile: string): string {
  return `# Kubernetes-managed hosts file (host network).\n${hostFile}${aliases(pod)}`
}

function aliases(pod: Pod): string {
  const list = pod.spec?.hostAliases ?? []
  if (list.length === 0) return ''
  return `\n# Entries added by HostAliases.\n${list.map((a) => `${a.ip}\t${(a.hostnames ?? []).join('\t')}\n`).join('')}`
}

interface Resolver {
  nameservers: string[]
  searches: string[]
  options: string[]
}

function parseResolver(text: string): Resolver {
  const resolver: Resolver = { nameservers: [], searches: [], options: [] }
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/)
    if (word === 'nameserver') resolver.nameservers.push(...rest.slice(0, 1))
    else if (word === 'search') resolver.searches = rest
    else if (word === 'options') resolver.options = rest
  }
  return resolver
}

const most = { nameservers: 3, searches: 32 }

/** Content of the pod's /etc/resolv.conf by its dnsPolicy and dnsConfig. */
export function resolverFile(pod: Pod, cluster: { dns: string; domain: string }, hostFile: string): string {
  const host = parseResolver(hostFile)
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst'
  const usesCluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !pod.spec?.hostNetwork)
  const { namespace } = pod.metadata
  const base: Resolver = usesCluster
    ? {
        nameservers: [cluster.dns],
        searches: [
          `${namespace}.svc.${cluster.domain}`,
          `svc.${cluster.domain}`,
          cluster.domain,
          ...host.searches.filter((s) => s !== '.'),
        ],
        options: ['ndots:5'],
      }
    : policy === 'None'
      ? { nameservers: [], searches: [], options: [] }
      : host
  const config = pod.spec?.dnsConfig
  const options = new Map(base.options.map((o) => [o.split(':')[0] ?? o, o]))
  for (const o of config?.options ?? []) if (o.name) options.set(o.name, o.value === undefined ? o.name : `${o.name}:${o.value}`)
  const nameservers = [...new Set([...base.nameservers, ...(config?.nameservers ?? [])])].slice(0, most.nameservers)
  const searches = [...new Set([...base.searches, ...(config?.searches ?? [])])].slice(0, most.searches)
  const lines = [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...nameservers.map((n) => `nameserver ${n}`),
    ...(options.size > 0 ? [`options ${[...options.values()].join(' ')}`] : []),
  ]
  return `${lines.join('\n')}\n`
}
