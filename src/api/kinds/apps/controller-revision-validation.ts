import { type FieldError, required } from '../../../apimachinery/field-error.ts'
import type { ControllerRevision } from '../../../apimachinery/kinds.generated.ts'
import { checkNotNegative, checkUnchanged, type Errors } from '../errors.ts'

export function validateControllerRevision({ revision, data }: ControllerRevision): FieldError[] {
  const errors: Errors = []
  checkNotNegative(revision, 'revision', errors)
  if (data == null) errors.push(required('data', 'data is mandatory'))
  else if (typeof data !== 'object' || Array.isArray(data)) errors.push(required('data', 'data must be a valid JSON object'))
  return errors
}

export function validateControllerRevisionUpdate(now: ControllerRevision, old: ControllerRevision): FieldError[] {
  const errors: Errors = []
  checkNotNegative(now.revision, 'revision', errors)
  checkUnchanged(now.data, old.data, 'data', errors)
  return errors
}
