import { type FieldError, forbiddenField, notSupported, required } from '../../../apimachinery/field-error.ts'
import type {
  AllocatedDeviceStatus,
  DeviceClaim,
  ResourceV1ResourceClaim as ResourceClaim,
  ResourceClaimTemplate,
} from '../../../apimachinery/kinds.generated.ts'
import { checkLabel, checkUnchanged, type Errors, requireText } from '../errors.ts'
import type { KindContext } from '../kind.ts'
import { validateTemplateMeta } from '../meta.ts'
import { validateNodeSelector } from '../pod-spec/affinity.ts'
import { checkCsiDriver } from '../pod-spec/volume-sources.ts'
import {
  checkRequestName,
  checkRequestNames,
  requestNames,
  validateConfiguration,
  validateDeviceClaim,
} from './claim-validation.ts'
import { checkShareId, deviceId, shownId, validateDeviceStatus } from './device-status.ts'
import { validateBinding } from './device-validation.ts'
import { checkItems, checkPoolName, checkSet } from './names.ts'

const adminLabel = 'resource.kubernetes.io/admin-access'

/** Only namespaces that are labelled so may look at devices that others use. */
function checkAdminAccess(
  wanted: readonly ({ adminAccess?: boolean } | undefined)[] | undefined,
  at: string,
  { namespaceLabels }: KindContext,
  errors: Errors,
): void {
  const i = (wanted ?? []).findIndex((one) => one?.adminAccess)
  if (i < 0 || namespaceLabels?.()[adminLabel] === 'true') return
  const text = `admin access to devices requires the \`${adminLabel}: true\` label on the containing namespace`
  errors.push(forbiddenField(`${at}[${i}].adminAccess`, text))
}

function checkClaimAccess(claim: DeviceClaim | undefined, context: KindContext, errors: Errors): void {
  const wanted = claim?.requests?.map((r) => r.exactly)
  checkAdminAccess(wanted, 'spec.devices.requests', context, errors)
}

export function validateResourceClaim({ spec }: ResourceClaim, context: KindContext): FieldError[] {
  const errors: Errors = []
  checkClaimAccess(spec?.devices, context, errors)
  validateDeviceClaim(spec?.devices, 'spec.devices', errors)
  return errors
}

type Status = NonNullable<ResourceClaim['status']>
type Allocation = NonNullable<Status['allocation']>

function validateAllocation({ devices, nodeSelector }: Allocation, { spec }: ResourceClaim, errors: Errors): void {
  const at = 'status.allocation'
  const names = requestNames(spec?.devices)
  const results = devices?.results ?? []
  const checkResult = (result: (typeof results)[number], path: string) => {
    checkRequestName(result.request ?? '', names, `${path}.request`, errors)
    checkCsiDriver(result.driver, `${path}.driver`, errors)
    checkPoolName(result.pool, `${path}.pool`, errors)
    checkLabel(result.device ?? '', `${path}.device`, errors)
    validateBinding(result, path, errors)
    if (result.shareID !== undefined) checkShareId(result.shareID, `${path}.shareID`, errors)
  }
  checkItems(results, 32, checkResult, `${at}.devices.results`, errors)
  const configs = devices?.config ?? []
  const checkConfig = (config: (typeof configs)[number], path: string) => {
    const source: string = config.source ?? ''
    if (!source) errors.push(required(`${path}.source`))
    else if (source !== 'FromClaim' && source !== 'FromClass') {
      errors.push(notSupported(`${path}.source`, source, ['FromClaim', 'FromClass']))
    }
    checkRequestNames(config.requests, names, `${path}.requests`, errors)
    validateConfiguration(config, path, errors)
  }
  checkItems(configs, 64, checkConfig, `${at}.devices.config`, errors)
  if (nodeSelector) validateNodeSelector(nodeSelector, `${at}.nodeSelector`, false, errors)
}

function validateStatus(claim: ResourceClaim, old: ResourceClaim, errors: Errors): void {
  const { reservedFor = [], allocation } = claim.status ?? {}
  const at = 'status.reservedFor'
  const checkConsumer = (consumer: (typeof reservedFor)[number], path: string) => {
    for (const field of ['resource', 'name', 'uid'] as const) requireText(consumer[field], `${path}.${field}`, errors)
  }
  checkSet(reservedFor, 256, checkConsumer, (consumer) => consumer.uid ?? '', at, errors)
  const allocated = new Set((allocation?.devices?.results ?? []).map(deviceId))
  const checkDevice = (device: AllocatedDeviceStatus, path: string) => validateDeviceStatus(device, allocated, path, errors)
  checkSet(claim.status?.devices, -1, checkDevice, deviceId, 'status.devices', errors, shownId)
  if (reservedFor.length > 0) {
    const before = new Set((old.status?.reservedFor ?? []).map((consumer) => consumer.uid))
    if (!allocation) errors.push(forbiddenField(at, 'may not be specified when `allocated` is not set'))
    else if (claim.metadata.deletionTimestamp && reservedFor.some((consumer) => !before.has(consumer.uid))) {
      const text = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'
      errors.push(forbiddenField(at, text))
    }
  }
  if (!allocation) return
  if (old.status?.allocation)
    checkUnchanged(allocation, old.status.allocation, 'status.allocation', errors, '*resource.AllocationResult')
  else validateAllocation(allocation, claim, errors)
}

export function validateResourceClaimUpdate(claim: ResourceClaim, old: ResourceClaim, context: KindContext): FieldError[] {
  const errors: Errors = []
  if (context.subresource === 'status') {
    const results = claim.status?.allocation?.devices?.results
    if (!old.status?.allocation?.devices?.results?.some((r) => r.adminAccess)) {
      checkAdminAccess(results, 'status.allocation.devices.results', context, errors)
    }
    validateStatus(claim, old, errors)
  } else checkUnchanged(claim.spec, old.spec, 'spec', errors, 'resource.ResourceClaimSpec')
  return errors
}

export function validateResourceClaimTemplate({ spec }: ResourceClaimTemplate, context: KindContext): FieldError[] {
  const errors: Errors = []
  checkClaimAccess(spec?.spec?.devices, context, errors)
  checkTemplate(spec, errors)
  return errors
}

function checkTemplate(spec: ResourceClaimTemplate['spec'] | undefined, errors: Errors): void {
  validateTemplateMeta(spec?.metadata, 'spec.metadata', errors)
  validateDeviceClaim(spec?.spec?.devices, 'spec.spec.devices', errors)
}

export function validateResourceClaimTemplateUpdate(now: ResourceClaimTemplate, old: ResourceClaimTemplate): FieldError[] {
  const errors: Errors = []
  checkTemplate(now.spec, errors)
  checkUnchanged(now.spec, old.spec, 'spec', errors, 'resource.ResourceClaimTemplateSpec')
  return errors
}
