import type { LabelSelector } from '../../apimachinery/kinds.generated.ts'

/** A selector as text, its requirements by key (labels.Selector.String). */
export function selectorString(selector: LabelSelector): string {
  const parts: [key: string, text: string][] = Object.entries(selector.matchLabels ?? {}).map(([k, v]) => [k, `${k}=${v}`])
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const list = [...values].sort().join(',')
    if (operator === 'In') parts.push([key, `${key} in (${list})`])
    else if (operator === 'NotIn') parts.push([key, `${key} notin (${list})`])
    else parts.push([key, operator === 'Exists' ? key : `!${key}`])
  }
  return parts
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, text]) => text)
    .join(',')
}
