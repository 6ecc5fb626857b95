import { duplicate } from '../../../apimachinery/field-error.ts'
import { type Errors, requireText } from '../errors.ts'

export function validateConditions(conditions: readonly { type?: string }[] | undefined, errors: Errors): void {
  const seen = new Set<string>()
  for (const [i, { type = '' }] of (conditions ?? []).entries()) {
    const at = `status.conditions[${i}].type`
    if (seen.has(type)) errors.push(duplicate(at, type))
    seen.add(type)
    requireText(type, at, errors)
  }
}
