import type { Pod, PodSpec } from '../../../../apimachinery/kinds.generated.ts'
import { addQuantities, compareQuantities, formatQuantity, signOf } from '../../../../apimachinery/quantity.ts'
import type { ResourceList } from '../../pod-spec/resource-list.ts'

type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

/** Adds the cpu and memory of `list` that are more than nothing. */
function add(total: ResourceList, list: Readonly<ResourceList> | undefined): void {
  for (const name of ['cpu', 'memory']) {
    const value = list?.[name]
    if (value === undefined || signOf(value) <= 0) continue
    const have = total[name]
    total[name] = have === undefined ? value : formatQuantity(addQuantities(have, value))
  }
}

const hasBoth = (list: ResourceList): boolean => list.cpu !== undefined && list.memory !== undefined

/** The quality of service class of a pod (pkg/apis/core/v1/helper/qos). */
export function qosOf(pod: Pod): QosClass {
  return classOf(pod.spec)
}

function classOf(spec: PodSpec | undefined): QosClass {
  const requests: ResourceList = {}
  const limits: ResourceList = {}
  let guaranteed = true
  if (spec?.resources) {
    add(requests, spec.resources.requests)
    add(limits, spec.resources.limits)
    guaranteed = hasBoth(limits)
  } else {
    for (const { resources } of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]) {
      const own: ResourceList = {}
      add(requests, resources?.requests)
      add(own, resources?.limits)
      add(limits, own)
      if (!hasBoth(own)) guaranteed = false
    }
  }
  const names = Object.keys(requests)
  if (names.length === 0 && Object.keys(limits).length === 0) return 'BestEffort'
  if (!guaranteed || names.length !== Object.keys(limits).length) return 'Burstable'
  const equal = names.every((name) => limits[name] !== undefined && compareQuantities(limits[name], requests[name] ?? '0') === 0)
  return equal ? 'Guaranteed' : 'Burstable'
}
