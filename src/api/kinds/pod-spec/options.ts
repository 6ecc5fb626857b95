import type { ObjectMeta } from '../../../apimachinery/object.ts'

/**
 * How strictly a pod spec is judged: a spec that replaces one that already breaks a newer rule may go on breaking it
 * (pkg/api/pod GetValidationOptionsFromPodTemplate). Gates are those of Kubernetes 1.36's defaults.
 */
export interface PodRules {
  /** A pod, not a template of one. */
  readonly isPod: boolean
  /** Of a pod; undefined for templates. */
  readonly meta: Pick<ObjectMeta, 'name' | 'annotations'> | undefined
  readonly anySelectorValue: boolean
  readonly anyRequiredNodeAffinityValue: boolean
  readonly anySpreadSelector: boolean
  readonly anySpreadLabelKeys: boolean
  readonly anyHugePagesValue: boolean
  readonly anyTokenPath: boolean
  readonly anyHostSysctl: boolean
  readonly anySeLinuxChangePolicy: boolean
  readonly anyInitResizePolicy: boolean
  readonly anyDeletionCost: boolean
}

export const strictRules: PodRules = {
  isPod: false,
  meta: undefined,
  anySelectorValue: false,
  anyRequiredNodeAffinityValue: false,
  anySpreadSelector: false,
  anySpreadLabelKeys: false,
  anyHugePagesValue: false,
  anyTokenPath: false,
  anyHostSysctl: false,
  anySeLinuxChangePolicy: false,
  anyInitResizePolicy: false,
  anyDeletionCost: false,
}
