import type { ParamKind, ParamRef } from '../../../apimachinery/kinds.generated.ts'

export const paramKindCell = (kind: ParamKind | undefined): string =>
  kind ? `${kind.apiVersion ?? ''}/${kind.kind ?? ''}` : '<unset>'

/** Whether the parameters are of the cluster is not known here: those without a namespace are shown with `*`. */
export function paramRefCell(ref: ParamRef | undefined): string {
  if (!ref) return '<unset>'
  if (ref.name) return `${ref.namespace || '*'}/${ref.name}`
  return ref.selector ? selectorStructText(ref.selector) : '<unset>'
}

/** How Go's generated String() writes a LabelSelector. */
function selectorStructText(selector: NonNullable<ParamRef['selector']>): string {
  const labels = Object.keys(selector.matchLabels ?? {})
    .sort()
    .map((key) => `${key}: ${selector.matchLabels?.[key]},`)
  const expressions = (selector.matchExpressions ?? []).map(
    (e) => `LabelSelectorRequirement{Key:${e.key},Operator:${e.operator},Values:[${(e.values ?? []).join(' ')}],},`,
  )
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`
}
