import type { Node, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from './kinds.generated.ts'

const integer = /^[+-]?\d+$/

function holds(r: NodeSelectorRequirement, value: string | undefined): boolean {
  const values = r.values ?? []
  switch (r.operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default: {
      const bound = values[0]
      if (value === undefined || bound === undefined || !integer.test(value) || !integer.test(bound)) return false
      return r.operator === 'Gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound)
    }
  }
}

/** Whether `node` satisfies `term`. A term without any requirement matches nothing. */
export function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const { matchExpressions = [], matchFields = [] } = term
  if (matchExpressions.length + matchFields.length === 0) return false
  const labels = node.metadata.labels ?? {}
  return (
    matchExpressions.every((r) => holds(r, Object.hasOwn(labels, r.key) ? labels[r.key] : undefined)) &&
    matchFields.every((r) => r.key === 'metadata.name' && holds(r, node.metadata.name))
  )
}

/** Whether `node` satisfies any term; an absent selector matches everything. */
const matchesNodeSelector = (selector: NodeSelector | undefined, node: Node): boolean =>
  selector === undefined || selector.nodeSelectorTerms.some((term) => matchesTerm(term, node))

/** Whether `node` satisfies what a pod requires of it: nodeSelector and the required node affinity. */
export function satisfiesAffinity(spec: PodSpec | undefined, node: Node): boolean {
  const labels = node.metadata.labels ?? {}
  for (const [key, value] of Object.entries(spec?.nodeSelector ?? {}))
    if (!Object.hasOwn(labels, key) || labels[key] !== value) return false
  return matchesNodeSelector(spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution, node)
}
