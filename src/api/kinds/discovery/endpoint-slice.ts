import type { EndpointSlice } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age, listCell } from '../table.ts'
import { sliceWarnings, validateEndpointSlice, validateEndpointSliceUpdate } from './endpoint-slice-validation.ts'

const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
const hostname = 'kubernetes.io/hostname'

/** v1 takes no topology; a node name that was in it moves to its own field (dropTopologyOnV1). */
function dropTopology(slice: EndpointSlice, old?: EndpointSlice): void {
  if (old && sameJson(slice.endpoints, old.endpoints)) return
  const known = new Set(old?.endpoints?.map((e) => e.deprecatedTopology?.[hostname]))
  for (const endpoint of slice.endpoints ?? []) {
    const name = endpoint.deprecatedTopology?.[hostname]
    if (endpoint.nodeName === undefined && name !== undefined && known.has(name)) endpoint.nodeName = name
    delete endpoint.deprecatedTopology
  }
}

export const endpointSlice = kind<EndpointSlice>({
  gvk: 'discovery.k8s.io/v1/EndpointSlice',
  warnings: sliceWarnings,
  validate: validateEndpointSlice,
  validateUpdate: validateEndpointSliceUpdate,
  specFields: ['endpoints', 'ports', 'addressType'],
  raisesGeneration: (slice, old) => !sameJson(slice.metadata.labels ?? {}, old.metadata.labels ?? {}),
  defaults: (slice) => {
    for (const port of slice.ports ?? []) {
      port.name ??= ''
      port.protocol ??= 'TCP'
    }
  },
  prepareForCreate: (slice) => dropTopology(slice),
  prepareForUpdate: (slice, old) => {
    // What is dropped counts as a change.
    if (!sameJson(slice.endpoints, old.endpoints)) slice.metadata.generation = (old.metadata.generation ?? 0) + 1
    dropTopology(slice, old)
  },
  cells: (slice, now) => [
    slice.metadata.name,
    slice.addressType ?? '',
    listCell((slice.ports ?? []).map((p) => (p.port === undefined ? (p.name ?? '*') : String(p.port)))),
    listCell((slice.endpoints ?? []).flatMap((e) => e.addresses ?? [])),
    age(slice, now),
  ],
})
