import { type FieldError, forbiddenField, invalid, invalidObject } from '../../apimachinery/field-error.ts'
import { badRequest } from '../../apimachinery/status.ts'
import { canonicalTime } from '../schema/time.ts'
import { integerOf } from '../verbs/list-options.ts'

/** What is wrong with the query of a pod's log, told before the pod is looked for. Throws 400 and 422. */
export function checkLogOptions(name: string, query: URLSearchParams): void {
  const given = (key: string): number | undefined => (query.has(key) ? integerOf(query.get(key)) : undefined)
  const sinceSeconds = given('sinceSeconds')
  const sinceTime = query.get('sinceTime') || undefined
  if (sinceTime !== undefined) checkTime(sinceTime)
  const tailLines = given('tailLines')
  const limitBytes = given('limitBytes')
  const errors: FieldError[] = []
  const positive = 'must be greater than 0'
  if (tailLines !== undefined && tailLines < 0) {
    errors.push(invalid('tailLines', tailLines, 'must be greater than or equal to 0'))
  }
  if (limitBytes !== undefined && limitBytes < 1) errors.push(invalid('limitBytes', limitBytes, positive))
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    errors.push(forbiddenField('[]', 'at most one of `sinceTime` or `sinceSeconds` may be specified'))
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) errors.push(invalid('sinceSeconds', sinceSeconds, positive))
  if (query.has('stream')) errors.push(forbiddenField('stream', 'may not be specified'))
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'PodLogOptions' }, name, errors)
}

function checkTime(text: string): void {
  try {
    canonicalTime(text)
  } catch (error) {
    throw badRequest((error as Error).message)
  }
}
