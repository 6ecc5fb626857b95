import { unforeseen } from '../../apimachinery/status.ts'
import type { Call } from '../pipeline/call.ts'

/** Where kube-apiserver keeps kinds under another name than their own; its messages show the keys. */
const shownPlaces: Readonly<Record<string, string>> = {
  replicationcontrollers: 'controllers',
  endpoints: 'services/endpoints',
  nodes: 'minions',
  services: 'services/specs',
  ingresses: 'ingress',
}
const extensionGroups = new Set(['apiextensions.k8s.io', 'apiregistration.k8s.io'])

/**
 * The key as kube-apiserver hands it to its store, of an object or of a collection: without the group, but of custom resources and of the kinds
 * that extend the API.
 */
export function keyShown({ resource, info }: Call, name = ''): string {
  const { group, isCustom } = resource
  const plain = shownPlaces[resource.resource] ?? resource.resource
  const place = isCustom || extensionGroups.has(group) ? `${group}/${resource.resource}` : plain
  return ['', place, ...(resource.namespaced ? [info.namespace] : []), ...(name === '' ? [] : [name])].join('/')
}

/** Throws the 500 that kube-apiserver's store answers to a key with the namespace `.` or `..`. */
export function checkPlace(call: Call, name?: string): void {
  const { namespace } = call.info
  if (namespace !== '.' && namespace !== '..') return
  if (call.resource.namespaced) throw unforeseen(`invalid key: "${keyShown(call, name)}"`)
}
