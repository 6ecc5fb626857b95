import { randomUUID } from 'node:crypto'
import { timeText } from '../../apimachinery/clock.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Change } from '../../store/store.ts'
import type { HookedWrite } from '../pipeline/call.ts'
import { prefixOf } from '../registry/conversion.ts'
import { serializer } from '../watch/serialize.ts'
import { addressText } from './allocator.ts'

/** What a Service holds: numbers of addresses, and node ports each once. */
export interface Held {
  readonly addresses: readonly number[]
  readonly ports: readonly number[]
}

/** Not objects of the API: whose a node port is. */
const portPrefix = '/allocations/nodeports/'
const addressPrefix = prefixOf('networking.k8s.io', 'ipaddresses')
const stamped = new Uint8Array()

/** What to commit with a Service that held `before` and holds `now`: a key for each, so that none is given twice, by whichever server. */
export function claimChanges({ call, object }: HookedWrite, before: Held, now: Held): Change[] {
  const { namespace = '', name = '' } = object.metadata
  const owner = Buffer.from(`${namespace}/${name}`)
  const added = (a: readonly number[], b: readonly number[]) => a.filter((n) => !b.includes(n))
  return [
    ...added(now.addresses, before.addresses).map((n): Change => {
      const write = serializer(addressObject(addressText(n), namespace, name, timeText(call.core.clock.now())))
      return { key: addressPrefix + addressText(n), value: stamped, expected: 0, stamp: { at: write, offset: write.offset } }
    }),
    ...added(now.ports, before.ports).map((n): Change => ({ key: `${portPrefix}${n}`, value: owner, expected: 0 })),
    ...added(before.addresses, now.addresses).map((n): Change => ({ key: addressPrefix + addressText(n), value: undefined })),
    ...added(before.ports, now.ports).map((n): Change => ({ key: `${portPrefix}${n}`, value: undefined })),
  ]
}

/** The IPAddress of a Service's address, as kube-apiserver makes it (pkg/registry/core/service/ipallocator). */
export function addressObject(address: string, namespace: string, name: string, time: string): KubeObject {
  const labels = { 'ipaddress.kubernetes.io/ip-family': 'IPv4', 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' }
  const fields = Object.fromEntries(['.', ...Object.keys(labels).map((l) => `f:${l}`)].map((f) => [f, {}]))
  const managedFields = [
    {
      manager: 'kube-apiserver',
      operation: 'Update' as const,
      apiVersion: 'networking.k8s.io/v1',
      time,
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': { 'f:labels': fields },
        'f:spec': { 'f:parentRef': { '.': {}, 'f:name': {}, 'f:namespace': {}, 'f:resource': {} } },
      },
    },
  ]
  return {
    kind: 'IPAddress',
    apiVersion: 'networking.k8s.io/v1',
    metadata: { name: address, uid: randomUUID(), creationTimestamp: time, labels, managedFields },
    spec: { parentRef: { resource: 'services', namespace, name } },
  } as KubeObject
}
