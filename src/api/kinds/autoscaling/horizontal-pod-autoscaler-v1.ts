import type { AutoscalingV1HorizontalPodAutoscaler, HorizontalPodAutoscaler } from '../../../apimachinery/kinds.generated.ts'
import { withoutAnnotations } from '../internal-metadata.ts'
import { kind } from '../kind.ts'
import { horizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts'
import { fromV1, roundTrip, toV1 } from './v1-conversion.ts'

export const horizontalPodAutoscalerV1 = kind<AutoscalingV1HorizontalPodAutoscaler>({
  gvk: 'autoscaling/v1/HorizontalPodAutoscaler',
  specFields: [],
  storedAs: {
    gvk: 'autoscaling/v2/HorizontalPodAutoscaler',
    toStored: fromV1,
    fromStored: (stored) => toV1(stored as HorizontalPodAutoscaler),
  },
  defaults: ({ spec }) => {
    spec.minReplicas ??= 1
  },
  internalMetadata: (metadata) => withoutAnnotations(metadata, roundTrip),
  cells: (hpa, now) => horizontalPodAutoscaler.cells?.(fromV1(hpa), now) ?? [],
})
