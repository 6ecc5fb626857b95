import type { HorizontalPodAutoscaler, HPAScalingRules } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { dropStatus, keepOther } from '../status.ts'
import { age } from '../table.ts'
import { validateHorizontalPodAutoscaler, validateHorizontalPodAutoscalerUpdate } from './horizontal-pod-autoscaler-validation.ts'
import { metricsCell } from './metric-cells.ts'

function fillRules(rules: HPAScalingRules | undefined, fallback: HPAScalingRules): HPAScalingRules {
  const filled = rules ?? {}
  filled.selectPolicy ??= 'Max'
  if (filled.stabilizationWindowSeconds == null && fallback.stabilizationWindowSeconds != null) {
    filled.stabilizationWindowSeconds = fallback.stabilizationWindowSeconds
  }
  if (!filled.policies && fallback.policies) filled.policies = fallback.policies
  return filled
}

const upRules = (): HPAScalingRules => ({
  stabilizationWindowSeconds: 0,
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
})
const downRules = (): HPAScalingRules => ({ policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] })

export const horizontalPodAutoscaler = kind<HorizontalPodAutoscaler>({
  gvk: 'autoscaling/v2/HorizontalPodAutoscaler',
  validate: validateHorizontalPodAutoscaler,
  validateUpdate: validateHorizontalPodAutoscalerUpdate,
  specFields: [],
  defaults: ({ spec }) => {
    if (!spec) return
    spec.minReplicas ??= 1
    if ((spec.metrics ?? []).length === 0) {
      spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }]
    }
    if (!spec.behavior) return
    spec.behavior.scaleUp = fillRules(spec.behavior.scaleUp, upRules())
    spec.behavior.scaleDown = fillRules(spec.behavior.scaleDown, downRules())
  },
  prepareForCreate: dropStatus,
  prepareForUpdate: keepOther,
  cells: (hpa, now) => [
    hpa.metadata.name,
    `${hpa.spec?.scaleTargetRef?.kind ?? ''}/${hpa.spec?.scaleTargetRef?.name ?? ''}`,
    metricsCell(hpa.spec?.metrics, hpa.status?.currentMetrics ?? []),
    hpa.spec?.minReplicas === undefined ? '<unset>' : String(hpa.spec.minReplicas),
    hpa.spec?.maxReplicas ?? 0,
    hpa.status?.currentReplicas ?? 0,
    age(hpa, now),
  ],
})
