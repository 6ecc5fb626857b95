import { invalid } from '../../../../apimachinery/field-error.ts'
import type { NodeAffinity, NodeSelectorTerm, PodSpec } from '../../../../apimachinery/kinds.generated.ts'
import { internal } from '../../../schema/internal.ts'
import { type Errors, isSame } from '../../errors.ts'

/**
 * While a pod is held by scheduling gates, where it may run can be narrowed. What may change is checked and set back in `spec`, so
 * that the caller can compare the rest.
 */
export function validateGatedPlacement(spec: PodSpec, old: PodSpec, errors: Errors): void {
  if (!isSame(spec.nodeSelector, old.nodeSelector)) {
    validateSelectorChange(spec.nodeSelector, old.nodeSelector, errors)
    if (old.nodeSelector) spec.nodeSelector = old.nodeSelector
    else delete spec.nodeSelector
  }
  const before = old.affinity?.nodeAffinity
  const now = spec.affinity?.nodeAffinity
  if (isSame(before, now)) return
  validateAffinityChange(now, before, errors)
  resetNodeAffinity(spec, old)
}

function resetNodeAffinity(spec: PodSpec, old: PodSpec): void {
  const before = old.affinity?.nodeAffinity
  if (!spec.affinity) {
    if (before) spec.affinity = { nodeAffinity: before }
    return
  }
  const { nodeAffinity: _, ...others } = spec.affinity
  if (!old.affinity && !others.podAffinity && !others.podAntiAffinity) delete spec.affinity
  else spec.affinity = before ? { ...others, nodeAffinity: before } : others
}

type Labels = Readonly<Record<string, string>>

function validateSelectorChange(now: Labels | undefined, old: Labels = {}, errors: Errors): void {
  for (const key of Object.keys(old)) {
    if (now?.[key] === old[key]) continue
    const text = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'
    errors.push(invalid('spec.nodeSelector', internal('map<string>string', now), text))
    return
  }
}

const required = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution'

function validateAffinityChange(now: NodeAffinity | undefined, old: NodeAffinity | undefined, errors: Errors): void {
  const before = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  if (before.length === 0) return
  const asked = now?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  const terms = asked ?? []
  if (terms.length !== before.length) {
    const text = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'
    errors.push(invalid(`${required}.nodeSelectorTerms`, internal('[]core.NodeSelectorTerm', asked), text))
    return
  }
  terms.forEach((term, i) => {
    if (onlyAdds(term, before[i])) return
    const text = 'only additions are allowed (no mutations or deletions)'
    errors.push(invalid(`${required}.nodeSelectorTerms[${i}]`, internal('core.NodeSelectorTerm', term), text))
  })
}

function onlyAdds(term: NodeSelectorTerm, old: NodeSelectorTerm = {}): boolean {
  const had = (old.matchExpressions?.length ?? 0) + (old.matchFields?.length ?? 0)
  const has = (term.matchExpressions?.length ?? 0) + (term.matchFields?.length ?? 0)
  if (had === 0 && has > 0) return false
  const keeps = (now: readonly unknown[] = [], before: readonly unknown[] = []) =>
    before.length <= now.length && before.every((e, i) => isSame(e, now[i]))
  return keeps(term.matchExpressions, old.matchExpressions) && keeps(term.matchFields, old.matchFields)
}
