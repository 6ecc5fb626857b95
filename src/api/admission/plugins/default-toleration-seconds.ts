import type { Toleration } from '../../../apimachinery/kinds.generated.ts'
import type { AdmissionPlugin } from '../admission.ts'
import { isWrite, podOf } from '../refusal.ts'

const seconds = 300
const taints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

/** A pod that says nothing else stays five minutes on a node that is not ready or unreachable. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  mutate: (request) => {
    const spec = isWrite(request) ? podOf(request)?.spec : undefined
    if (!spec) return
    const tolerates =
      (key: string) =>
      ({ key: k, effect }: Toleration) =>
        (!k || k === key) && (!effect || effect === 'NoExecute')
    const missing = taints.filter((key) => !spec.tolerations?.some(tolerates(key)))
    if (missing.length === 0) return
    const added = missing.map((key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: seconds }))
    spec.tolerations = [...(spec.tolerations ?? []), ...added]
  },
}
