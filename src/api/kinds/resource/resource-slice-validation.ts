import { type FieldError, invalid, required, tooMany } from '../../../apimachinery/field-error.ts'
import type { Device, ResourceSlice, ResourceSliceSpec } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { internal } from '../../schema/internal.ts'
import { checkLabel, checkUnchanged, type Errors, pushInvalid } from '../errors.ts'
import { validateNodeSelector } from '../pod-spec/affinity.ts'
import { checkCsiDriver } from '../pod-spec/volume-sources.ts'
import { validateBinding, validateDeviceDetails } from './device-validation.ts'
import { checkPoolName, checkSet } from './names.ts'

interface Selection {
  nodeName?: string
  nodeSelector?: ResourceSliceSpec['nodeSelector']
  allNodes?: boolean
}

/** Which of the ways to name nodes are used. */
function validateSelection(selection: Selection, emptyText: string, at: string, errors: Errors): string[] {
  const { nodeName, nodeSelector, allNodes } = selection
  const set: string[] = []
  if (nodeName) {
    set.push('`nodeName`')
    pushInvalid(errors, `${at}.nodeName`, nodeName, isDns1123Subdomain(nodeName))
  } else if (nodeName !== undefined) errors.push(invalid(`${at}.nodeName`, nodeName, emptyText))
  if (nodeSelector) {
    set.push('`nodeSelector`')
    validateNodeSelector(nodeSelector, `${at}.nodeSelector`, false, errors)
  }
  if (allNodes) set.push('`allNodes`')
  else if (allNodes !== undefined) errors.push(invalid(`${at}.allNodes`, allNodes, 'must be either unset or set to true'))
  return set
}

function validateNodes(spec: ResourceSliceSpec, errors: Errors): void {
  const set = validateSelection(spec, 'must be either unset or set to a non-empty string', 'spec', errors)
  const terms = spec.nodeSelector?.nodeSelectorTerms
  if (spec.nodeSelector && terms?.length !== 1) {
    errors.push(
      invalid(
        'spec.nodeSelector.nodeSelectorTerms',
        internal('[]core.NodeSelectorTerm', terms),
        'must have exactly one node selector term',
      ),
    )
  }
  const each = spec.perDeviceNodeSelection
  if (each) set.push('`perDeviceNodeSelection`')
  else if (each !== undefined) {
    errors.push(invalid('spec.perDeviceNodeSelection', each, 'must be either unset or set to true'))
  }
  const text = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required'
  if (set.length === 0) errors.push(required('spec', text))
  else if (set.length > 1) errors.push(invalid('spec', `{${set.join(', ')}}`, `${text}, but multiple fields are set`))
}

function validateDevice(device: Device, old: Device | undefined, each: boolean, at: string, errors: Errors): void {
  checkLabel(device.name ?? '', `${at}.name`, errors)
  validateDeviceDetails(device, old, at, errors)
  validateDeviceNodes(device, each, at, errors)
  validateBinding(device, at, errors)
}

function validateDeviceNodes(device: Device, each: boolean, at: string, errors: Errors): void {
  if (!each) {
    if (device.nodeName === undefined && !device.nodeSelector && device.allNodes === undefined) return
    const text =
      '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec'
    errors.push(invalid(at, null, text))
    return
  }
  const set = validateSelection(device, 'must not be empty', at, errors)
  const text =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec'
  if (set.length === 0) errors.push(required(at, text))
  else if (set.length > 1) errors.push(invalid(at, `{${set.join(', ')}}`, text))
}

function validateDevices(spec: ResourceSliceSpec, old: ResourceSliceSpec | undefined, errors: Errors): void {
  const isAdvanced = spec.devices?.some((d) => d.taints?.length || d.consumesCounters?.length) ?? false
  const check = (device: Device, at: string) => {
    const before = old?.devices?.find((d) => d.name === device.name)
    validateDevice(device, before, spec.perDeviceNodeSelection === true, at, errors)
  }
  checkSet(spec.devices, isAdvanced ? 64 : 128, check, (device) => device.name ?? '', 'spec.devices', errors)
}

function validateCounters({ sharedCounters }: ResourceSliceSpec, errors: Errors): void {
  const check = (set: NonNullable<typeof sharedCounters>[number], at: string) => {
    if (!set.name) errors.push(required(`${at}.name`))
    else checkLabel(set.name, `${at}.name`, errors)
    const names = Object.keys(set.counters ?? {})
    if (names.length === 0) errors.push(required(`${at}.counters`))
    else if (names.length > 32) errors.push(tooMany(`${at}.counters`, names.length, 32))
    else for (const name of names) checkLabel(name, `${at}.counters`, errors)
  }
  checkSet(sharedCounters, 8, check, (set) => set.name ?? '', 'spec.sharedCounters', errors)
}

function validate({ spec }: ResourceSlice, old: ResourceSliceSpec | undefined): FieldError[] {
  const errors: Errors = []
  if (!spec) return errors
  checkCsiDriver(spec.driver, 'spec.driver', errors)
  const { name, resourceSliceCount: count = 0, generation = 0 } = spec.pool ?? {}
  checkPoolName(name, 'spec.pool.name', errors)
  if (count <= 0) errors.push(invalid('spec.pool.resourceSliceCount', count, 'must be greater than zero'))
  if (generation < 0) {
    errors.push(invalid('spec.pool.generation', generation, 'must be greater than or equal to zero'))
  }
  if (old) {
    checkUnchanged(name, old.pool?.name, 'spec.pool.name', errors, 'string')
    checkUnchanged(spec.driver, old.driver, 'spec.driver', errors, 'string')
    checkUnchanged(spec.nodeName, old.nodeName, 'spec.nodeName', errors)
  }
  validateNodes(spec, errors)
  if (spec.sharedCounters && spec.devices) {
    errors.push(invalid('spec', '', 'only one of `sharedCounters` or `devices` is allowed'))
  }
  validateDevices(spec, old, errors)
  validateCounters(spec, errors)
  return errors
}

export const validateResourceSlice = (slice: ResourceSlice): FieldError[] => validate(slice, undefined)
export const validateResourceSliceUpdate = (slice: ResourceSlice, old: ResourceSlice): FieldError[] => validate(slice, old.spec)
