import { readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import type Docker from 'dockerode'
import { timeText } from '../apimachinery/clock.ts'
import type { ContainerImage, Node, NodeCondition, NodeStatus, NodeSystemInfo } from '../apimachinery/kinds.generated.ts'

/** The Kubernetes release whose behaviour the agent has. */
const kubeletVersion = 'v1.36.3'

const mostPods = 110
const mostImages = 50

const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  armv7l: 'arm',
  ppc64le: 'ppc64le',
  s390x: 's390x',
}

/** What Docker and the machine say of themselves. */
export interface MachineFacts {
  readonly architecture: string
  readonly operatingSystem: string
  readonly osImage: string
  readonly kernelVersion: string
  readonly dockerVersion: string
  readonly cpus: number
  /** Bytes. */
  readonly memory: number
  /** Bytes of the disk that holds the pods' folders. */
  readonly disk: number
  readonly runtimes: readonly string[]
  readonly hasAppArmor: boolean
  readonly cgroupDriver: string
}

interface DockerInfo {
  Architecture: string
  OSType: string
  OperatingSystem: string
  KernelVersion: string
  ServerVersion: string
  NCPU: number
  MemTotal: number
  Runtimes?: Record<string, unknown>
  SecurityOptions?: string[]
  CgroupDriver: string
}

export async function machineFacts(docker: Docker, dataDir: string): Promise<MachineFacts> {
  const info = (await docker.info()) as DockerInfo
  const disk = await statfs(dataDir)
  return {
    architecture: architectures[info.Architecture] ?? info.Architecture,
    operatingSystem: info.OSType,
    osImage: info.OperatingSystem,
    kernelVersion: info.KernelVersion,
    dockerVersion: info.ServerVersion,
    cpus: info.NCPU,
    memory: info.MemTotal,
    disk: disk.blocks * disk.bsize,
    runtimes: Object.keys(info.Runtimes ?? {}),
    hasAppArmor: (info.SecurityOptions ?? []).some((o) => o.includes('apparmor')),
    cgroupDriver: info.CgroupDriver,
  }
}

function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

export function capacityOf(facts: MachineFacts): Record<string, string> {
  return {
    cpu: String(facts.cpus),
    memory: `${Math.floor(facts.memory / 1024)}Ki`,
    'ephemeral-storage': `${Math.floor(facts.disk / 1024)}Ki`,
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    pods: String(mostPods),
  }
}

/** The images Docker has, largest first, as the scheduler wants to know them. */
export async function imagesOf(docker: Docker): Promise<ContainerImage[]> {
  const images = await docker.listImages()
  return images
    .map((i) => ({
      names: [...(i.RepoDigests ?? []), ...(i.RepoTags ?? [])].filter((name) => !name.startsWith('<none>')),
      sizeBytes: i.Size,
    }))
    .filter((i) => i.names.length > 0)
    .sort((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, mostImages)
}

function condition(
  type: string,
  isBad: boolean,
  texts: { readonly good: readonly [string, string]; readonly bad: readonly [string, string] },
  known: Node | undefined,
  now: number,
): NodeCondition {
  // Ready is good when True, every pressure when False.
  const status = (type === 'Ready') === !isBad ? 'True' : 'False'
  const before = known?.status?.conditions?.find((c) => c.type === type)
  const [reason, message] = isBad ? texts.bad : texts.good
  return {
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: timeText(now),
    lastTransitionTime: before?.status === status && before.lastTransitionTime ? before.lastTransitionTime : timeText(now),
  }
}

const leastMemoryShare = 0.02
const leastDiskShare = 0.05

interface NodeFacts {
  readonly machine: MachineFacts
  readonly addresses: readonly string[]
  readonly name: string
  readonly kubeletPort: number
  readonly images: readonly ContainerImage[]
  /** Why pods cannot be run at the moment; undefined: they can. */
  readonly notReady: string | undefined
  /** Share of the memory and of the disk that is free, 0 to 1. */
  readonly free: { readonly memory: number; readonly disk: number }
}

/** The status of the node object. Pure but for the machine's identity files. */
export function nodeStatus(facts: NodeFacts, known: Node | undefined, now: number): NodeStatus {
  const capacity = capacityOf(facts.machine)
  return {
    capacity,
    allocatable: capacity,
    addresses: [
      ...facts.addresses.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: facts.name },
    ],
    conditions: conditionsOf(facts, known, now),
    daemonEndpoints: { kubeletEndpoint: { Port: facts.kubeletPort } },
    images: [...facts.images],
    nodeInfo: nodeInfo(facts.machine),
  }
}

/** In kubelet's words. */
function conditionsOf({ free, notReady }: NodeFacts, known: Node | undefined, now: number): NodeCondition[] {
  const memory = {
    good: ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    bad: ['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
  } as const
  const disk = {
    good: ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    bad: ['KubeletHasDiskPressure', 'kubelet has disk pressure'],
  } as const
  const processes = { good: ['KubeletHasSufficientPID', 'kubelet has sufficient PID available'], bad: ['', ''] } as const
  const ready = {
    good: ['KubeletReady', 'kubelet is posting ready status'],
    bad: ['KubeletNotReady', notReady ?? ''],
  } as const
  return [
    condition('MemoryPressure', free.memory < leastMemoryShare, memory, known, now),
    condition('DiskPressure', free.disk < leastDiskShare, disk, known, now),
    condition('PIDPressure', false, processes, known, now),
    condition('Ready', notReady !== undefined, ready, known, now),
  ]
}

const nodeInfo = (machine: MachineFacts): NodeSystemInfo => ({
  architecture: machine.architecture,
  bootID: fileText('/proc/sys/kernel/random/boot_id'),
  containerRuntimeVersion: `docker://${machine.dockerVersion}`,
  kernelVersion: machine.kernelVersion,
  kubeProxyVersion: '',
  kubeletVersion,
  machineID: fileText('/etc/machine-id'),
  operatingSystem: machine.operatingSystem,
  osImage: machine.osImage,
  systemUUID: fileText('/sys/class/dmi/id/product_uuid') || fileText('/etc/machine-id'),
})

/** Labels that the agent sets on its node; others' labels stay. */
export function nodeLabels(facts: Pick<NodeFacts, 'machine' | 'name'>): Record<string, string> {
  return {
    'kubernetes.io/hostname': facts.name,
    'kubernetes.io/os': facts.machine.operatingSystem,
    'kubernetes.io/arch': facts.machine.architecture,
    'beta.kubernetes.io/os': facts.machine.operatingSystem,
    'beta.kubernetes.io/arch': facts.machine.architecture,
  }
}
