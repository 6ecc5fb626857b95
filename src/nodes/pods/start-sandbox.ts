import { mkdir, readFile, writeFile } from 'node:fs/promises'
import type { Pod } from '../../apimachinery/kinds.generated.ts'
import { cgroupParentOf, limitPod } from '../docker/cgroups.ts'
import { dockerMessage } from '../docker/engine.ts'
import type { ObservedContainer } from '../docker/observed.ts'
import { hostnameOf, sandboxOptions } from '../docker/sandbox.ts'
import { type NodeContext, podDirOf } from '../node-context.ts'
import { hostNetworkHostsFile, hostsFile, resolverFile } from './files.ts'

/** Where systemd-resolved keeps the real name servers, when /etc/resolv.conf is its own stub. */
const realResolvers = '/run/systemd/resolve/resolv.conf'

async function hostResolver(): Promise<string> {
  const text = await readFile('/etc/resolv.conf', 'utf8').catch(() => '')
  return text.includes('127.0.0.53') ? readFile(realResolvers, 'utf8').catch(() => text) : text
}

/** The files every container of the pod gets bound. */
export const podFiles = (podDir: string) => ({ hosts: `${podDir}/etc-hosts`, resolver: `${podDir}/resolv.conf` })

async function writePodFiles(context: NodeContext, pod: Pod, ip: string | undefined): Promise<void> {
  const podDir = podDirOf(context, pod.metadata.uid ?? '')
  await mkdir(podDir, { recursive: true, mode: 0o750 })
  const { hostname, domain } = hostnameOf(pod, context.clusterDomain)
  const hosts = ip
    ? hostsFile(pod, ip, hostname, domain)
    : hostNetworkHostsFile(pod, await readFile('/etc/hosts', 'utf8').catch(() => ''))
  const resolver = resolverFile(pod, { dns: context.clusterDns, domain: context.clusterDomain }, await hostResolver())
  await Promise.all([writeFile(podFiles(podDir).hosts, hosts), writeFile(podFiles(podDir).resolver, resolver)])
}

const mostAddresses = 20

/** Makes and starts the sandbox of a pod, with its files, address and cgroup. Throws Docker's reason. */
export async function startSandbox(context: NodeContext, pod: Pod, attempt: number): Promise<ObservedContainer> {
  const { engine, addresses } = context
  const uid = pod.metadata.uid ?? ''
  const runtime = await context.runtimeOf(pod.spec?.runtimeClassName)
  // Limits are the pod's containers' too: without the right to set them here, each container still has its own.
  const limited = limitPod(pod, context.daemon.cgroupDriver).catch(() => undefined)
  for (let left = mostAddresses; ; left--) {
    const ip = pod.spec?.hostNetwork ? undefined : await addresses.reserve(uid)
    const options = sandboxOptions(pod, {
      attempt,
      network: engine.network,
      ip,
      clusterDomain: context.clusterDomain,
      cgroupParent: cgroupParentOf(pod, context.daemon.cgroupDriver),
      runtime,
      oomScore: context.daemon.lowestOomScore,
      labels: engine.labels,
    })
    const [id] = await Promise.all([engine.create(options), writePodFiles(context, pod, ip), limited])
    try {
      await engine.start(id)
    } catch (error) {
      await engine.remove(id)
      const isTaken =
        ip !== undefined && /address already in use/i.test(dockerMessage(error)) && !/bind/i.test(dockerMessage(error))
      if (!isTaken || left === 0) throw error
      addresses.ban(uid, ip)
      continue
    }
    const sandbox = await engine.inspect(id)
    if (!sandbox) throw new Error('the sandbox vanished while it was started')
    return sandbox
  }
}
