import type { LabelSelectorObject } from '../apimachinery/label-selector.ts'

type Expressions = NonNullable<LabelSelectorObject['matchExpressions']>

/** `selector`, narrowed to pods that share (or do not share) the values of `labels` under the given keys. */
export function withLabelKeys(
  selector: LabelSelectorObject | undefined,
  labels: Readonly<Record<string, string>> = {},
  shared: readonly string[] = [],
  differing: readonly string[] = [],
): LabelSelectorObject | undefined {
  const requirements = (keys: readonly string[], operator: 'In' | 'NotIn'): Expressions =>
    keys.filter((key) => Object.hasOwn(labels, key)).map((key) => ({ key, operator, values: [labels[key] as string] }))
  const extra = [...requirements(shared, 'In'), ...requirements(differing, 'NotIn')]
  if (!selector || extra.length === 0) return selector
  return { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...extra] }
}
