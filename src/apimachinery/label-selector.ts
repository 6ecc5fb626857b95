import type { LabelSelector } from './kinds.generated.ts'

type Labels = Readonly<Record<string, string>>

const valueOf = (labels: Labels, key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined)

/** Whether `labels` satisfy `selector`. An empty selector matches everything, an absent one nothing (metav1.LabelSelectorAsSelector). */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels = {}): boolean {
  if (!selector) return false
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (valueOf(labels, key) !== value) return false
  return (selector.matchExpressions ?? []).every((e) => {
    const value = valueOf(labels, e.key)
    switch (e.operator) {
      case 'In':
        return value !== undefined && (e.values ?? []).includes(value)
      case 'NotIn':
        return value === undefined || !(e.values ?? []).includes(value)
      case 'Exists':
        return value !== undefined
      case 'DoesNotExist':
        return value === undefined
      default:
        return false
    }
  })
}

/** Whether every pair of `wanted` is among `labels`; an empty `wanted` matches everything. */
export function matchesLabels(wanted: Labels, labels: Labels = {}): boolean {
  return Object.entries(wanted).every(([key, value]) => valueOf(labels, key) === value)
}

/** Whether `selector` selects everything. */
export function isEmptySelector(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0
}

/** The text form that `labelSelector=` takes. */
export function selectorText(selector: LabelSelector): string {
  const equal = Object.entries(selector.matchLabels ?? {}).map(([k, v]) => `${k}=${v}`)
  const expressions = (selector.matchExpressions ?? []).map((e) => {
    if (e.operator === 'Exists') return e.key
    if (e.operator === 'DoesNotExist') return `!${e.key}`
    return `${e.key} ${e.operator === 'In' ? 'in' : 'notin'} (${(e.values ?? []).join(',')})`
  })
  return [...equal, ...expressions].join(',')
}
