import type { Binding, Pod } from '../../../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../../apimachinery/object.ts'
import { nodes } from '../../../apimachinery/resources.generated.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { isResource } from '../refusal.ts'

const copied = new Set(['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'])

/** A pod that gets a node gets the node's zone and region as labels, so that its containers can know them (KEP-4742). */
export const podTopologyLabels = (objects: Objects): AdmissionPlugin => ({
  name: 'PodTopologyLabels',
  mutate: (request) => {
    const node = request.operation === 'CREATE' ? nodeOf(request) : undefined
    const labels = node ? objects.get(nodes, undefined, node)?.metadata.labels : undefined
    const known = Object.entries(labels ?? {}).filter(([key]) => copied.has(key))
    if (known.length === 0) return
    const { metadata } = request.object as KubeObject
    metadata.labels = { ...metadata.labels, ...Object.fromEntries(known) }
  },
})

/** The node that this request puts a pod on: by a Binding, or by a pod that names its node itself. */
function nodeOf(request: AdmissionRequest): string | undefined {
  if (!isResource(request, '', 'pods')) return undefined
  if (request.subresource === '') return (request.object as Pod).spec?.nodeName
  const target = request.subresource === 'binding' ? (request.object as Binding).target : undefined
  return target?.kind === 'Node' ? target.name : undefined
}
