import { badRequest } from '../../apimachinery/status.ts'
import type { ServedResource } from '../registry/served.ts'
import { type FieldTerm, type FieldTerms, fieldTerms, parseFieldSelector } from '../selectors/field.ts'
import { type LabelPredicate, parseLabelSelector } from '../selectors/label.ts'
import type { Stored } from '../watch/stored.ts'
import { viewAs } from './view.ts'

export type Matches = (stored: Stored) => boolean

export interface Selection {
  /** undefined: everything. */
  readonly matches: Matches | undefined
  /** From `metadata.namespace=` when the request names no namespace. */
  readonly namespace: string | undefined
  /** The only one that can be selected, from `metadata.name=`. */
  readonly name: string | undefined
  /** `matches` looks at labels or fields as the resource shows them: `prepareViews` comes first. */
  readonly needsViews: boolean
}

/** A label and a field selector that have been read, for any resource. */
export interface Selectors {
  readonly byLabels: LabelPredicate | undefined
  readonly terms: readonly FieldTerm[]
}

/** Throws 400. */
export function readSelectors(labelSelector: string, fieldSelector: string): Selectors {
  const byLabels = attempt(() => parseLabelSelector(labelSelector))
  return { byLabels, terms: attempt(() => parseFieldSelector(fieldSelector)) }
}

/** What selectors select of a resource. Throws 400 for fields that it can't be selected by. */
export function selectionOf(resource: ServedResource, { byLabels, terms }: Selectors): Selection {
  for (const term of terms) checkField(resource, term.field)
  const predicates: Matches[] = []
  if (byLabels) predicates.push(labelsMatch(resource, byLabels))
  for (const [field, of] of fieldTerms(terms)) predicates.push(fieldMatches(resource, field, of))
  const one = (field: string) => terms.find((t) => t.field === field && !t.negated && t.value !== '')?.value
  const [namespace, name] = [one('metadata.namespace'), one('metadata.name')]
  const [only] = predicates
  const byViews = (byLabels && resource.conversion?.asksWebhook) || terms.some((t) => !t.field.startsWith('metadata.'))
  const needsViews = resource.conversion !== undefined && byViews === true
  if (predicates.length <= 1) return { matches: only, namespace, name, needsViews }
  return { matches: (stored) => predicates.every((p) => p(stored)), namespace, name, needsViews }
}

/** A webhook may give an object other labels in each version. */
function labelsMatch(resource: ServedResource, predicate: LabelPredicate): Matches {
  if (!resource.conversion?.asksWebhook) return (stored) => predicate(stored.labels)
  return (stored) => predicate(viewOf(resource, stored).labels)
}

/** As the resource shows it; the view is there (`needsViews`). */
function viewOf(resource: ServedResource, stored: Stored): Stored {
  const view = viewAs(resource, stored)
  if (view instanceof Promise) throw new Error(`${stored.key}: selected before it was converted`)
  return view
}

function fieldMatches(resource: ServedResource, field: string, { only, not }: FieldTerms): Matches {
  const admits = (value: string) => (only === undefined || only === value) && !not.has(value)
  if (field === 'metadata.name') return (stored) => admits(stored.name)
  if (field === 'metadata.namespace') return (stored) => admits(stored.object.metadata.namespace ?? '')
  const read = resource.strategy.selectableFields?.[field]
  if (!read) return () => false
  return (stored) => admits(read(viewOf(resource, stored).object))
}

function checkField(resource: ServedResource, field: string): void {
  const { selectableFields } = resource.strategy
  // A kind with fields of its own names all that it has; the others have both, whatever their scope.
  if (field === 'metadata.name' || (field === 'metadata.namespace' && (resource.namespaced || !selectableFields))) return
  if (selectableFields && Object.hasOwn(selectableFields, field)) return
  const { unknownField = (unknown) => `field label not supported: ${unknown}` } = resource.strategy
  if (selectableFields) throw badRequest(unknownField(field))
  throw badRequest(`"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`)
}

function attempt<T>(parse: () => T): T {
  try {
    return parse()
  } catch (e) {
    throw badRequest((e as Error).message)
  }
}
