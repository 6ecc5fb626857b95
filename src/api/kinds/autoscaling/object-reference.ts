import { invalid } from '../../../apimachinery/field-error.ts'
import type { Errors } from '../errors.ts'
import { requireSegment } from '../networking/references.ts'

interface Reference {
  apiVersion?: string
  kind?: string
  name?: string
}

export function apiVersionProblem(apiVersion: string, needsGroup: boolean): string | undefined {
  const slashes = apiVersion.split('/').length - 1
  if (slashes > 1) return `unexpected GroupVersion string: ${apiVersion}`
  const group = slashes === 1 ? apiVersion.split('/')[0] : ''
  return needsGroup && !group ? 'apiVersion must specify API group' : undefined
}

/** `needsGroup`: undefined when any apiVersion will do. */
export function validateObjectReference(ref: Reference, needsGroup: boolean | undefined, at: string, errors: Errors): void {
  requireSegment(ref.kind, `${at}.kind`, errors)
  requireSegment(ref.name, `${at}.name`, errors)
  if (needsGroup === undefined) return
  const apiVersion = ref.apiVersion ?? ''
  const problem = apiVersionProblem(apiVersion, needsGroup)
  if (problem !== undefined) errors.push(invalid(`${at}.apiVersion`, apiVersion, problem))
}
