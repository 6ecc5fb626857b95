import { duplicate, type FieldError, invalid, required } from '../../../apimachinery/field-error.ts'
import type { CSINode, CSINodeDriver } from '../../../apimachinery/kinds.generated.ts'
import { isLonger } from '../../../apimachinery/names.ts'
import { checkNotNegative, checkQualifiedName, checkUnchanged, type Errors, requireText } from '../errors.ts'
import { checkCsiDriver } from '../pod-spec/volume-sources.ts'

function validateDriver({ name, nodeID, allocatable, topologyKeys }: CSINodeDriver, at: string, errors: Errors): void {
  checkCsiDriver(name, `${at}.name`, errors)
  requireText(nodeID, `${at}.nodeID`, errors)
  if (isLonger(nodeID ?? '', 256)) errors.push(invalid(`${at}.nodeID`, nodeID, 'must be 256 characters or less'))
  checkNotNegative(allocatable?.count, `${at}.allocatable.count`, errors)
  const seen = new Set<string>()
  for (const key of topologyKeys ?? []) {
    if (key === '') errors.push(required(at))
    if (seen.has(key)) errors.push(duplicate(at, key))
    seen.add(key)
    checkQualifiedName(key, at, errors)
  }
}

export function validateCSINode({ spec }: CSINode): FieldError[] {
  const errors: Errors = []
  const names = new Set<string>()
  for (const [i, driver] of (spec?.drivers ?? []).entries()) {
    const at = `spec.drivers[${i}]`
    validateDriver(driver, at, errors)
    if (names.has(driver.name)) errors.push(duplicate(`${at}.name`, driver.name))
    names.add(driver.name)
  }
  return errors
}

const withoutCount = ({ allocatable: _, ...rest }: CSINodeDriver): object => rest

export function validateCSINodeUpdate(node: CSINode, old: CSINode): FieldError[] {
  const errors = validateCSINode(node)
  for (const before of old.spec?.drivers ?? []) {
    for (const driver of node.spec?.drivers ?? []) {
      if (before.name !== driver.name) continue
      checkUnchanged(withoutCount(driver), withoutCount(before), 'spec.drivers', errors, 'storage.CSINodeDriver')
    }
  }
  return errors
}
