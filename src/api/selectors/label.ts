import { type Labels, parseSelector } from '../../apimachinery/label-selector.ts'
import { satisfying } from './label-terms.ts'

export type LabelPredicate = (labels: Labels | undefined) => boolean

/** What `labelSelector=` asks for; undefined when it asks for nothing. Throws SelectorError with k8s.io/apimachinery/pkg/labels' message. */
export function parseLabelSelector(text: string): LabelPredicate | undefined {
  const requirements = parseSelector(text)
  if (requirements.length === 0) return undefined
  const satisfies = satisfying(requirements)
  return (labels) => satisfies(labels ?? {})
}
