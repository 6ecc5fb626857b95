import type { Node, Pod } from '../../../apimachinery/kinds.generated.ts'
import { compareQuantities, quantityMilli, quantityValue } from '../../../apimachinery/quantity.ts'
import { StatusError } from '../../../apimachinery/status.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { changedPodOnNode, nodeOf } from '../pod-on-node.ts'
import { podAmounts } from '../quota/amounts.ts'
import { refuse } from '../refusal.ts'

/** A running pod is not resized beyond what its node can ever give (k8s.io/kubernetes plugin/pkg/admission/podresize). */
export const podResizeValidator = (objects: Objects): AdmissionPlugin => ({
  name: 'PodResizeValidator',
  validate: (request) => {
    if (request.subresource !== 'resize') return
    const pod = changedPodOnNode(request)?.pod
    if (!pod) return
    const node = nodeOf(pod, request, objects)
    const os = node.metadata.labels?.['kubernetes.io/os'] ?? 'linux'
    const name = JSON.stringify(node.metadata.name)
    if (os !== 'linux') {
      throw withCause(request, `pod resize is only supported on linux nodes, node ${name} is "${os}"`, 'UnsupportedPlatform')
    }
    const lacking = lackingOn(pod, node)
    if (lacking.length > 0)
      throw withCause(request, `node didn't have enough allocatable resources: ${lacking.join('; ')}`, 'NodeCapacity')
  },
})

function lackingOn({ spec }: Pod, { status }: Node): string[] {
  if (!spec) return []
  const asked = podAmounts(spec, 'requests', true)
  const measures = [
    { name: 'cpu', amount: quantityMilli },
    { name: 'memory', amount: quantityValue },
  ] as const
  return measures.flatMap(({ name, amount }) => {
    const wanted = asked.get(name)
    const given = status?.allocatable?.[name] ?? '0'
    if (!wanted || compareQuantities(wanted, given) <= 0) return []
    return [`${name}, requested: ${amount(wanted)}, allocatable: ${amount(given)}`]
  })
}

function withCause(request: AdmissionRequest, why: string, reason: string): StatusError {
  const { code, reason: of, message, status } = refuse(request, why)
  return new StatusError(code, of, message, { ...status.details, causes: [{ reason }] })
}
