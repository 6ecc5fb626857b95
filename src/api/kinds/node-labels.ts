import type { NodeSelectorTerm } from '../../apimachinery/kinds.generated.ts'
import type { LabelSelectorObject } from '../../apimachinery/label-selector.ts'
import { isLabelValue } from '../../apimachinery/names.ts'

const deprecated: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  ['scheduler.alpha.kubernetes.io/preferAvoidPods', 'deprecated since v1.22; use Taints and Tolerations instead'],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
])

/** What is said of a label of nodes that has another name now; undefined for any other. */
export const labelDeprecation = (key: string): string | undefined => deprecated.get(key)

/** Warnings for the deprecated labels that a term of node affinity asks for. */
export function termWarnings(term: NodeSelectorTerm, at: string, looksAtValues = false): string[] {
  return (term.matchExpressions ?? []).flatMap(({ key, values }, i) => {
    const text = labelDeprecation(key)
    const path = `${at}.matchExpressions[${i}]`
    const wrong = (looksAtValues ? (values ?? []) : []).flatMap((value, k) =>
      isLabelValue(value).map((problem) => `${path}.values[${k}]: ${value} is invalid, ${problem}`),
    )
    return text === undefined ? wrong : [`${path}.key: ${key} is ${text}`, ...wrong]
  })
}

/** The same for a label selector of nodes. */
export function selectorWarnings(selector: LabelSelectorObject | undefined, at: string): string[] {
  const labels = Object.keys(selector?.matchLabels ?? {}).flatMap((key) => {
    const text = labelDeprecation(key)
    return text === undefined ? [] : [`${at}.matchLabels.${key}: ${text}`]
  })
  return [...termWarnings((selector ?? {}) as NodeSelectorTerm, at), ...labels]
}
