import type { SubjectAccessReviewSpec } from '../../../apimachinery/kinds.generated.ts'
import { parseSelector, type Requirement, SelectorError } from '../../../apimachinery/label-selector.ts'
import { parseFieldSelector } from '../../selectors/field.ts'
import type { Attributes } from '../authorizer.ts'

/** The version of SubjectAccessReview that a webhook speaks. */
export type ReviewVersion = 'v1' | 'v1beta1'

type ResourceAttributes = NonNullable<SubjectAccessReviewSpec['resourceAttributes']>
type SelectorRequirement = { key: string; operator: string; values?: string[] }

/** What is asked, as a SubjectAccessReview asks it. Pure. */
export function reviewSpec({ user, verb, resource, path }: Attributes): SubjectAccessReviewSpec {
  const { name, uid, groups, extra } = user
  const subject = {
    ...(name ? { user: name } : {}),
    ...(groups.length > 0 ? { groups: [...groups] } : {}),
    ...(extra && Object.keys(extra).length > 0
      ? { extra: Object.fromEntries(Object.entries(extra).map(([k, v]) => [k, [...v]])) }
      : {}),
    ...(uid ? { uid } : {}),
  }
  if (resource) return { resourceAttributes: resourceAttributes(verb, resource), ...subject }
  return { nonResourceAttributes: { ...(path ? { path } : {}), ...(verb ? { verb } : {}) }, ...subject }
}

function resourceAttributes(verb: string, resource: NonNullable<Attributes['resource']>): ResourceAttributes {
  const { namespace, group, version, subresource, name, fieldSelector, labelSelector } = resource
  const given = { namespace, verb, group, version, resource: resource.resource, subresource, name }
  const fields = fieldSelector ? fieldRequirements(fieldSelector) : []
  const labels = labelSelector ? labelRequirements(labelSelector) : []
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== '')),
    ...(fields.length > 0 ? { fieldSelector: { requirements: fields } } : {}),
    ...(labels.length > 0 ? { labelSelector: { requirements: labels } } : {}),
  } as ResourceAttributes
}

/** A selector only narrows: one that cannot be read is left out, and the question is the broader one. */
function fieldRequirements(text: string): SelectorRequirement[] {
  try {
    return parseFieldSelector(text).map(({ field, value, negated }) => ({
      key: field,
      operator: negated ? 'NotIn' : 'In',
      values: [value],
    }))
  } catch {
    return []
  }
}

const operators: Partial<Record<Requirement['operator'], string>> = {
  in: 'In',
  '=': 'In',
  '==': 'In',
  notin: 'NotIn',
  '!=': 'NotIn',
  exists: 'Exists',
  '!': 'DoesNotExist',
}

function labelRequirements(text: string): SelectorRequirement[] {
  try {
    return parseSelector(text).flatMap(({ key, operator, values }) => {
      const known = operators[operator]
      return known ? [{ key, operator: known, ...(values.length > 0 ? { values: [...values] } : {}) }] : []
    })
  } catch (error) {
    if (error instanceof SelectorError) return []
    throw error
  }
}

/** The review as it is sent. */
export function reviewObject(spec: SubjectAccessReviewSpec, version: ReviewVersion): object {
  const { groups, ...rest } = spec
  const named = version === 'v1' ? spec : { ...rest, ...(groups ? { group: groups } : {}) }
  return {
    kind: 'SubjectAccessReview',
    apiVersion: `authorization.k8s.io/${version}`,
    metadata: {},
    spec: named,
    status: { allowed: false },
  }
}
