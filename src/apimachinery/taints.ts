import type { Taint, Toleration } from './kinds.generated.ts'

const integer = /^-?(0|[1-9]\d*)$/

/** Whether `toleration` tolerates `taint` (k8s.io/api/core/v1 Toleration.ToleratesTaint). */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  switch (toleration.operator ?? 'Equal') {
    case 'Exists':
      return true
    case 'Gt':
    case 'Lt': {
      const [wanted = '', actual = ''] = [toleration.value, taint.value]
      if (!integer.test(wanted) || !integer.test(actual)) return false
      return toleration.operator === 'Gt' ? BigInt(actual) > BigInt(wanted) : BigInt(actual) < BigInt(wanted)
    }
    default:
      return Boolean(toleration.key) && (toleration.value ?? '') === (taint.value ?? '')
  }
}

/** The first of `taints` that no toleration tolerates. */
export function untolerated(taints: readonly Taint[], tolerations: readonly Toleration[] = []): Taint | undefined {
  return taints.find((taint) => !tolerations.some((t) => tolerates(t, taint)))
}
