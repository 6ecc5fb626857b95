import type { ResourceV1ResourceClaim as ResourceClaim } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { dropStatus, keepOtherAndMeta } from '../status.ts'
import { age } from '../table.ts'
import { defaultDeviceClaim } from './requests.ts'
import { validateResourceClaim, validateResourceClaimUpdate } from './resource-claim-validation.ts'

function stateCell({ metadata, status }: ResourceClaim): string {
  const states = metadata.deletionTimestamp ? ['deleted'] : []
  if (status?.allocation) {
    states.push('allocated')
    if ((status.reservedFor ?? []).length > 0) states.push('reserved')
  } else if (!metadata.deletionTimestamp) states.push('pending')
  return states.join(',')
}

/** The status of a device that is no longer allocated goes. */
function dropDeallocated(claim: ResourceClaim): void {
  const { status } = claim
  if (!status?.devices) return
  const allocated = new Set((status.allocation?.devices?.results ?? []).map((r) => `${r.driver}/${r.pool}/${r.device}`))
  const kept = status.devices.filter((d) => allocated.has(`${d.driver}/${d.pool}/${d.device}`))
  if (kept.length > 0) status.devices = kept
  else delete status.devices
}

export const resourceClaim = kind<ResourceClaim>({
  gvk: 'resource.k8s.io/v1/ResourceClaim',
  validate: validateResourceClaim,
  validateUpdate: validateResourceClaimUpdate,
  specFields: [],
  defaults: ({ spec }) => defaultDeviceClaim(spec?.devices),
  prepareForCreate: dropStatus,
  prepareForUpdate: (claim, old, context) => {
    keepOtherAndMeta(claim, old, context)
    if (context.subresource === 'status' && old.status?.allocation && !claim.status?.allocation) dropDeallocated(claim)
  },
  cells: (claim, now) => [claim.metadata.name, stateCell(claim), age(claim, now)],
})
