import type { Container, Pod, PodSpec } from '../../../apimachinery/kinds.generated.ts'
import { addQuantities, compareQuantities, formatQuantity } from '../../../apimachinery/quantity.ts'
import { defaultPodSpec } from './defaults.ts'
import { fillResources, type ResourceList, roundRequirements, roundResources } from './resource-list.ts'

/** SetDefaults_Pod: what is defaulted in pods but not in templates, then what both share. */
export function defaultPod(pod: Pod): void {
  const spec = pod.spec
  if (!spec) return
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) requestLimits(container)
  if (spec.resources) {
    defaultHugePageLimits(spec, spec.resources)
    defaultPodRequests(spec, spec.resources)
  }
  spec.enableServiceLinks ??= true
  if (spec.hostNetwork) {
    for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
      for (const port of container.ports ?? []) if (!port.hostPort) port.hostPort = port.containerPort
    }
  }
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1
  defaultPodSpec(spec)
  defaultStatus(pod)
}

function requestLimits(container: Container): void {
  const resources = container.resources
  if (!resources?.limits) return
  resources.requests ??= {}
  fillResources(resources.requests, resources.limits)
}

function defaultStatus(pod: Pod): void {
  const status = pod.status
  if (!status) return
  const { podIP, podIPs = [] } = status
  if (podIP && podIPs[0]?.ip !== podIP) status.podIPs = [{ ip: podIP }]
  else if (!podIP && podIPs[0]?.ip) status.podIP = podIPs[0].ip
  const statuses = [status.initContainerStatuses, status.containerStatuses, status.ephemeralContainerStatuses]
  for (const one of statuses.flatMap((list) => list ?? [])) {
    roundResources(one.allocatedResources)
    roundRequirements(one.resources)
  }
  roundResources(status.allocatedResources)
  roundRequirements(status.resources)
}

export const isHugePages = (name: string): boolean => name.startsWith('hugepages-')
export const isPodLevelResource = (name: string): boolean => name === 'cpu' || name === 'memory' || isHugePages(name)
const hasAny = (list: ResourceList | undefined): boolean => list !== undefined && Object.keys(list).length > 0

function defaultHugePageLimits(spec: PodSpec, resources: NonNullable<PodSpec['resources']>): void {
  if (!hasAny(resources.limits) && !hasAny(resources.requests)) return
  const limits = resources.limits ?? {}
  for (const [name, value] of Object.entries(aggregate(spec, 'limits'))) {
    if (!isHugePages(name) || resources.requests?.[name] !== undefined || limits[name] !== undefined) continue
    limits[name] = value
  }
  if (hasAny(limits)) resources.limits = limits
}

function defaultPodRequests(spec: PodSpec, resources: NonNullable<PodSpec['resources']>): void {
  if (!hasAny(resources.limits)) return
  const requests = resources.requests ?? {}
  for (const [name, value] of Object.entries(aggregate(spec, 'requests'))) {
    if (requests[name] === undefined && isPodLevelResource(name) && !isHugePages(name)) requests[name] = value
  }
  for (const [name, value] of Object.entries(resources.limits ?? {})) {
    if (requests[name] === undefined && isPodLevelResource(name)) requests[name] = value
  }
  if (hasAny(requests)) resources.requests = requests
}

function add(to: ResourceList, from: ResourceList): void {
  for (const [name, value] of Object.entries(from)) {
    const have = to[name]
    to[name] = have === undefined ? value : formatQuantity(addQuantities(have, value))
  }
}

function raise(to: ResourceList, from: ResourceList): void {
  for (const [name, value] of Object.entries(from)) {
    const have = to[name]
    if (have === undefined || compareQuantities(value, have) > 0) to[name] = value
  }
}

/** What the containers of a pod need together: sidecars run beside the others, init containers before them. */
export function aggregate(spec: PodSpec, which: 'limits' | 'requests'): ResourceList {
  const total: ResourceList = {}
  for (const container of spec.containers ?? []) add(total, container.resources?.[which] ?? {})
  const sidecars: ResourceList = {}
  const initial: ResourceList = {}
  for (const container of spec.initContainers ?? []) {
    const own = container.resources?.[which] ?? {}
    if (container.restartPolicy === 'Always') {
      add(total, own)
      add(sidecars, own)
      raise(initial, sidecars)
      continue
    }
    const needed = { ...own }
    add(needed, sidecars)
    raise(initial, needed)
  }
  raise(total, initial)
  return total
}
