import type { Container, Pod } from '../../apimachinery/kinds.generated.ts'
import { quantityMilli, quantityValue } from '../../apimachinery/quantity.ts'
import type { ObservedContainer } from '../docker/observed.ts'

type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

const computed = ['cpu', 'memory'] as const

function listOf(pod: Pod): Container[] {
  return [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
}

/** The pod's quality of service class, by its containers' (or its own) cpu and memory. */
export function qosOf(pod: Pod): QosClass {
  const own = pod.spec?.resources
  const parts = own ? [{ resources: own }] : listOf(pod)
  const isSet = (value: string | undefined) => value !== undefined && quantityMilli(value) > 0
  const asksNothing = parts.every((c) =>
    computed.every((r) => !isSet(c.resources?.requests?.[r]) && !isSet(c.resources?.limits?.[r])),
  )
  if (asksNothing) return 'BestEffort'
  const isExact = parts.every((c) =>
    computed.every((r) => {
      const limit = c.resources?.limits?.[r]
      const request = c.resources?.requests?.[r] ?? limit
      return isSet(limit) && quantityMilli(limit) === quantityMilli(request)
    }),
  )
  return isExact ? 'Guaranteed' : 'Burstable'
}

const criticalPriority = 2_000_000_000

/** How readily the kernel kills the container when memory is short: −997 (last) to 1000 (first). */
export function oomScore(pod: Pod, container: Pick<Container, 'resources'>, memoryCapacity: number): number {
  if ((pod.spec?.priority ?? 0) >= criticalPriority) return -997
  const qos = qosOf(pod)
  if (qos === 'Guaranteed') return -997
  if (qos === 'BestEffort') return 1000
  const request = quantityValue(container.resources?.requests?.memory ?? container.resources?.limits?.memory)
  const score = 1000 - Math.floor((1000 * request) / memoryCapacity)
  return Math.min(Math.max(score, 3), 999)
}

interface CpuAndMemory {
  readonly cpuShares: number
  /** Microseconds per `cpuPeriod`; 0: no limit. */
  readonly cpuQuota: number
  readonly cpuPeriod: number
  /** Bytes; 0: no limit. */
  readonly memory: number
}

const cpuPeriod = 100_000

/** A container's requests and limits in the kernel's terms. */
export function limitsOf(resources: Container['resources']): CpuAndMemory {
  const limit = quantityMilli(resources?.limits?.cpu)
  const request = resources?.requests?.cpu !== undefined ? quantityMilli(resources.requests.cpu) : limit
  return {
    cpuShares: Math.min(Math.max(Math.floor((request * 1024) / 1000), 2), 262_144),
    cpuQuota: limit > 0 ? Math.max(Math.floor((limit * cpuPeriod) / 1000), 1000) : 0,
    cpuPeriod,
    memory: quantityValue(resources?.limits?.memory),
  }
}

/** Whether a running container has the limits that its spec asks for. A memory limit, once set, is never taken away. */
export function hasLimits(observed: Pick<ObservedContainer, 'limits'>, container: Pick<Container, 'resources'>): boolean {
  const want = limitsOf(container.resources)
  const { cpuShares, cpuQuota, memory } = observed.limits
  return want.cpuShares === cpuShares && want.cpuQuota === cpuQuota && (want.memory === 0 || want.memory === memory)
}
