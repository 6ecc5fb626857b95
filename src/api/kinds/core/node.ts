import type { Node } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { roundResources } from '../pod-spec/resource-list.ts'
import { keepOther } from '../status.ts'
import { age } from '../table.ts'
import { nodeWarnings, validateNode, validateNodeUpdate } from './node-validation.ts'

const rolePrefix = 'node-role.kubernetes.io/'

function rolesCell(node: Node): string {
  const roles = new Set<string>()
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) roles.add(key.slice(rolePrefix.length))
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value)
  }
  return [...roles].sort().join(',') || '<none>'
}

/** The old single range and the list say the same. */
function mergePodCidrs(spec: NonNullable<Node['spec']>): void {
  const { podCIDR, podCIDRs = [] } = spec
  if (podCIDR && podCIDRs[0] !== podCIDR) spec.podCIDRs = [podCIDR]
  else if (!podCIDR && podCIDRs[0]) spec.podCIDR = podCIDRs[0]
}

function statusCell(node: Node): string {
  // The last condition of a type counts.
  const ready = node.status?.conditions?.findLast((c) => c.type === 'Ready')
  const text = !ready ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'
  return node.spec?.unschedulable ? `${text},SchedulingDisabled` : text
}

const addressCell = (node: Node, type: string): string =>
  node.status?.addresses?.find((a) => a.type === type)?.address ?? '<none>'

function cells(node: Node, now: number): unknown[] {
  const info = node.status?.nodeInfo
  const kernel = info?.kernelVersion || '<unknown>'
  return [
    node.metadata.name,
    statusCell(node),
    rolesCell(node),
    age(node, now),
    info?.kubeletVersion ?? '',
    addressCell(node, 'InternalIP'),
    addressCell(node, 'ExternalIP'),
    info?.osImage || '<unknown>',
    info?.architecture ? `${kernel} (${info.architecture})` : kernel,
    info?.containerRuntimeVersion || '<unknown>',
  ]
}

export const node = kind<Node>({
  gvk: 'v1/Node',
  warnings: nodeWarnings,
  specFields: [],
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  defaults: ({ spec, status }) => {
    if (spec) mergePodCidrs(spec)
    if (!status) return
    if (!status.allocatable && status.capacity) status.allocatable = { ...status.capacity }
    roundResources(status.capacity)
    roundResources(status.allocatable)
  },
  prepareForCreate: (object) => {
    delete object.spec?.configSource
    delete object.status?.config
  },
  prepareForUpdate: (object, old, context) => {
    keepOther(object, old, context)
    if (context.subresource === 'status') {
      if (!old.status?.config) delete object.status?.config
    } else if (!old.spec?.configSource) delete object.spec?.configSource
  },
  cells,
  selectableFields: { 'spec.unschedulable': (object) => String(object.spec?.unschedulable ?? false) },
})
