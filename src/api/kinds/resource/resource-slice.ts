import type { Device, ResourceSlice } from '../../../apimachinery/kinds.generated.ts'
import { sameJson } from '../../../apimachinery/same-json.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { validateResourceSlice, validateResourceSliceUpdate } from './resource-slice-validation.ts'

const listFields = ['bools', 'ints', 'strings', 'versions'] as const
const usesLists = ({ attributes }: Device) =>
  Object.values(attributes ?? {}).some((attribute) => listFields.some((field) => attribute[field] !== undefined))
const usesMappings = ({ nodeAllocatableResourceMappings }: Device) =>
  Object.keys(nodeAllocatableResourceMappings ?? {}).length > 0

/** Behind DRAListTypeAttributes and DRANodeAllocatableResources, which are off in Kubernetes 1.36. */
function dropDisabled({ spec }: ResourceSlice, old?: ResourceSlice): void {
  const before = old?.spec?.devices ?? []
  const keepsLists = before.some(usesLists)
  const keepsMappings = before.some(usesMappings)
  for (const device of spec?.devices ?? []) {
    if (!keepsMappings) delete device.nodeAllocatableResourceMappings
    if (keepsLists) continue
    for (const attribute of Object.values(device.attributes ?? {})) for (const field of listFields) delete attribute[field]
  }
}

/** A default in Kubernetes, where defaults know what time it is (SetDefaults_DeviceTaint). */
function defaultTimes({ spec }: ResourceSlice, now: string): void {
  for (const { taints } of spec?.devices ?? []) for (const taint of taints ?? []) taint.timeAdded ??= now
}

export const resourceSlice = kind<ResourceSlice>({
  gvk: 'resource.k8s.io/v1/ResourceSlice',
  warnings: ({ spec }) =>
    spec?.driver && spec.driver !== spec.driver.toLowerCase()
      ? [`spec.driver: driver names should be lowercase; ${JSON.stringify(spec.driver)} contains uppercase characters`]
      : [],
  validate: validateResourceSlice,
  validateUpdate: validateResourceSliceUpdate,
  specFields: [],
  hasGeneration: true,
  prepareForCreate: (slice, { now }) => {
    dropDisabled(slice)
    defaultTimes(slice, now)
  },
  prepareForUpdate: (slice, old, { now }) => {
    defaultTimes(slice, now)
    // What is dropped counts as a change all the same.
    if (!sameJson(slice.spec, old.spec)) slice.metadata.generation = (old.metadata.generation ?? 0) + 1
    dropDisabled(slice, old)
  },
  cells: (slice, now) => [
    slice.metadata.name,
    slice.spec?.nodeName ?? '',
    slice.spec?.driver ?? '',
    slice.spec?.pool?.name ?? '',
    age(slice, now),
  ],
  unknownField: (field) => `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${field}`,
  selectableFields: {
    'spec.nodeName': (slice) => slice.spec?.nodeName ?? '',
    'spec.driver': (slice) => slice.spec?.driver ?? '',
  },
})
