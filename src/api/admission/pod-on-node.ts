import type { Node, Pod } from '../../apimachinery/kinds.generated.ts'
import { nodes } from '../../apimachinery/resources.generated.ts'
import type { Objects } from '../objects.ts'
import type { AdmissionRequest } from './admission.ts'
import { isResource, refuse } from './refusal.ts'

/** A pod on a node whose spec an update changes; undefined for any other request. */
export function changedPodOnNode(request: AdmissionRequest): { readonly pod: Pod; readonly old: Pod } | undefined {
  if (request.operation !== 'UPDATE' || !isResource(request, '', 'pods')) return undefined
  if (request.subresource !== '' && request.subresource !== 'resize') return undefined
  const pod = request.object as Pod
  const old = request.oldObject as Pod
  // The generation rises with the spec only.
  const isChanged = old.metadata.generation !== pod.metadata.generation
  return pod.spec?.nodeName && isChanged ? { pod, old } : undefined
}

/** The node a pod is on. Throws 403 when it is gone. */
export function nodeOf(pod: Pod, request: AdmissionRequest, objects: Objects): Node {
  const name = pod.spec?.nodeName ?? ''
  const node = objects.get(nodes, undefined, name)
  if (!node) throw refuse(request, `node ${JSON.stringify(name)} not found`)
  return node
}
