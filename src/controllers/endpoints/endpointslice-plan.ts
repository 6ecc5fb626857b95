// What those who keep EndpointSlices share.
import type { EndpointSlice } from '../../apimachinery/kinds.generated.ts'
import { endpointslices } from '../../apimachinery/resources.generated.ts'
import { isNotFound } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import { isClosing } from '../serviceaccount.ts'

export const serviceLabel = 'kubernetes.io/service-name'
export const managerLabel = 'endpointslice.kubernetes.io/managed-by'

export type Family = 'IPv4' | 'IPv6'

export const familyOf = (address: string): Family => (address.includes(':') ? 'IPv6' : 'IPv4')

export interface Plan {
  readonly create: readonly EndpointSlice[]
  readonly update: readonly EndpointSlice[]
  readonly remove: readonly EndpointSlice[]
}

/** Writes what is planned, unless the namespace is going. */
export async function carryOut(client: Client, plan: Plan, namespace: string): Promise<void> {
  try {
    for (const slice of plan.create) await client.create(endpointslices, slice, { namespace })
    for (const slice of plan.update) await client.update(endpointslices, slice, { namespace })
    for (const slice of plan.remove) await client.delete(endpointslices, slice.metadata.name ?? '', { namespace })
  } catch (error) {
    if (!isClosing(error) && !isNotFound(error)) throw error
  }
}
