import type { EndpointSlice } from '../apimachinery/kinds.generated.ts'
import { endpointslices } from '../apimachinery/resources.generated.ts'
import type { Informer } from '../client/informer.ts'
import type { InformerSet } from '../client/informer-set.ts'

/** `namespace/name` of the Service that `slice` belongs to. */
export const serviceOf = (slice: EndpointSlice): string =>
  `${slice.metadata.namespace}/${slice.metadata.labels?.['kubernetes.io/service-name'] ?? ''}`

/** The informer of EndpointSlices with the index `service`. */
export function slicesByService(informers: InformerSet): Informer<EndpointSlice> {
  const informer = informers.of<EndpointSlice>(endpointslices)
  informer.addIndexer('service', (slice) => [serviceOf(slice)])
  return informer
}
