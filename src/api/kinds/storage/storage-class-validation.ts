import { duplicate, type FieldError, required } from '../../../apimachinery/field-error.ts'
import type { StorageClass, TopologySelectorTerm } from '../../../apimachinery/kinds.generated.ts'
import { checkQualifiedName, checkSupported, checkUnchanged, type Errors } from '../errors.ts'
import { validateParameters, validateProvisioner } from './parameters.ts'

function validateTerm(term: TopologySelectorTerm, at: string, errors: Errors): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const [i, { key = '', values }] of (term.matchLabelExpressions ?? []).entries()) {
    const path = `${at}.matchLabelExpressions[${i}]`
    if (!values?.length) errors.push(required(`${path}.values`))
    const seen = new Set<string>()
    for (const [j, value] of (values ?? []).entries()) {
      if (seen.has(value)) errors.push(duplicate(`${path}.values[${j}]`, value))
      seen.add(value)
    }
    checkQualifiedName(key, `${path}.key`, errors)
    if (found.has(key)) errors.push(duplicate(`${path}.key`, key))
    found.set(key, [...seen].sort())
  }
  return found
}

function validateTopologies(terms: readonly TopologySelectorTerm[], errors: Errors): void {
  // Kubernetes compares each term with as many empty ones as there are terms, too.
  const earlier: object[] = terms.map(() => ({}))
  for (const [i, term] of terms.entries()) {
    const at = `allowedTopologies[${i}]`
    const found = Object.fromEntries(validateTerm(term, at, errors))
    for (const other of earlier)
      if (JSON.stringify(found) === JSON.stringify(other)) errors.push(duplicate(`${at}.matchLabelExpressions`, ''))
    earlier.push(found)
  }
}

export function validateStorageClass(c: StorageClass): FieldError[] {
  const errors: Errors = []
  validateProvisioner(c.provisioner, 'provisioner', errors)
  validateParameters(c.parameters, true, 'parameters', errors)
  if (c.reclaimPolicy) checkSupported(c.reclaimPolicy, ['Delete', 'Retain'], 'reclaimPolicy', errors)
  const mode = c.volumeBindingMode
  if (mode === undefined) errors.push(required('volumeBindingMode'))
  else checkSupported(mode, ['Immediate', 'WaitForFirstConsumer'], 'volumeBindingMode', errors)
  validateTopologies(c.allowedTopologies ?? [], errors)
  return errors
}

export function validateStorageClassUpdate(c: StorageClass, old: StorageClass): FieldError[] {
  const errors = validateStorageClass(c)
  checkUnchanged(c.parameters, old.parameters, 'parameters', errors, 'map<string>string')
  checkUnchanged(c.provisioner, old.provisioner, 'provisioner', errors, 'string')
  checkUnchanged(c.reclaimPolicy, old.reclaimPolicy, 'reclaimPolicy', errors)
  checkUnchanged(c.volumeBindingMode, old.volumeBindingMode, 'volumeBindingMode', errors)
  return errors
}
