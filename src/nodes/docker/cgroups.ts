import { mkdir, rmdir, stat, writeFile } from 'node:fs/promises'
import type { Container, Pod } from '../../apimachinery/kinds.generated.ts'
import { limitsOf, qosOf } from '../pods/qos.ts'

const classes = ['Guaranteed', 'Burstable', 'BestEffort'] as const

function pathOf(qos: (typeof classes)[number], podUid: string): string {
  return `/kubepods${qos === 'Guaranteed' ? '' : `/${qos.toLowerCase()}`}/pod${podUid}`
}

/** Docker's CgroupParent of a pod: one folder (or slice) a pod below one a QoS class, as kubelet has them. */
export function cgroupParentOf(pod: Pod, driver: string): string {
  const qos = qosOf(pod)
  const uid = pod.metadata.uid ?? ''
  if (driver !== 'systemd') return pathOf(qos, uid)
  return `kubepods${qos === 'Guaranteed' ? '' : `-${qos.toLowerCase()}`}-pod${uid.replaceAll('-', '_')}.slice`
}

/** Sum of what the containers may use together; 0: no limit, because one of them has none. */
function podLimits(pod: Pod): { cpuShares: number; cpuQuota: number; cpuPeriod: number; memory: number } {
  if (pod.spec?.resources) return limitsOf(pod.spec.resources)
  const isLong = (c: Container) => c.restartPolicy === 'Always'
  const parts = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? []).filter(isLong)].map((c) =>
    limitsOf(c.resources),
  )
  const inits = (pod.spec?.initContainers ?? []).filter((c) => !isLong(c)).map((c) => limitsOf(c.resources))
  const sum = (of: 'cpuQuota' | 'memory' | 'cpuShares') => parts.reduce((n, p) => n + p[of], 0)
  const limit = (of: 'cpuQuota' | 'memory') =>
    [...parts, ...inits].some((p) => p[of] === 0) ? 0 : Math.max(sum(of), ...inits.map((p) => p[of]))
  return { cpuShares: Math.max(2, sum('cpuShares')), cpuQuota: limit('cpuQuota'), cpuPeriod: 100_000, memory: limit('memory') }
}

const root = '/sys/fs/cgroup'

async function write(file: string, value: number | string): Promise<void> {
  await writeFile(file, String(value))
}

const isUnified = () =>
  stat(`${root}/cgroup.controllers`).then(
    () => true,
    () => false,
  )

/** Makes the pod's cgroup with its limits where the driver is cgroupfs and this machine lets us; else Docker makes it, without limits. */
export async function limitPod(pod: Pod, driver: string): Promise<void> {
  if (driver !== 'cgroupfs') return
  const path = cgroupParentOf(pod, driver)
  const limits = podLimits(pod)
  if (await isUnified()) {
    await mkdir(`${root}${path}`, { recursive: true })
    if (limits.cpuQuota > 0) await write(`${root}${path}/cpu.max`, `${limits.cpuQuota} ${limits.cpuPeriod}`)
    if (limits.memory > 0) await write(`${root}${path}/memory.max`, limits.memory)
    return
  }
  await mkdir(`${root}/cpu${path}`, { recursive: true })
  await write(`${root}/cpu${path}/cpu.shares`, limits.cpuShares)
  if (limits.cpuQuota > 0) await write(`${root}/cpu${path}/cpu.cfs_quota_us`, limits.cpuQuota)
  if (limits.memory === 0) return
  await mkdir(`${root}/memory${path}`, { recursive: true })
  await write(`${root}/memory${path}/memory.limit_in_bytes`, limits.memory)
}

const controllers = [
  'cpu',
  'cpuacct',
  'cpuset',
  'memory',
  'devices',
  'freezer',
  'blkio',
  'pids',
  'systemd',
  'net_cls',
  'perf_event',
  'hugetlb',
  'cpu,cpuacct',
]

/** Removes the pod's cgroups, which must be empty: in whichever class it was, for of an orphan nobody knows. */
export async function removeCgroups(podUid: string): Promise<void> {
  if (!/^[\w-]+$/.test(podUid)) return
  const places = (await isUnified()) ? [root] : controllers.map((c) => `${root}/${c}`)
  const paths = places.flatMap((place) => classes.map((qos) => `${place}${pathOf(qos, podUid)}`))
  await Promise.all(paths.map((path) => rmdir(path).catch(() => undefined)))
}
