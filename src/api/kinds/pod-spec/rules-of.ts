import type { PodAffinityTerm, PodSpec, PodTemplateSpec } from '../../../apimachinery/kinds.generated.ts'
import { isLabelValue } from '../../../apimachinery/names.ts'
import type { ObjectMeta } from '../../../apimachinery/object.ts'
import type { Errors } from '../errors.ts'
import { hasInvalidValue, validateLabelSelector } from '../selector.ts'
import { validateLabelKeys } from './affinity.ts'
import { validatePodAnnotations } from './annotations.ts'
import { type PodRules, strictRules } from './options.ts'
import { checkNonReservedPath } from './paths.ts'
import { hostSysctlProblem } from './security-context.ts'

type Meta = Pick<ObjectMeta, 'name' | 'annotations'>

/** The rules for a pod; `old` is the pod it replaces. */
export function rulesOfPod(meta: Meta, old?: { spec?: PodSpec; metadata: Meta }): PodRules {
  if (!old?.spec) return { ...strictRules, isPod: true, meta }
  return { ...relaxed(old.spec, old.metadata), isPod: true, meta }
}

/** The rules for a template of pods; `old` is the template it replaces. */
export function rulesOfTemplate(old?: PodTemplateSpec): PodRules {
  return old?.spec ? relaxed(old.spec, old.metadata ?? {}) : strictRules
}

/** What the old spec already breaks, the new one may break too. */
function relaxed(spec: PodSpec, meta: Meta): PodRules {
  return {
    ...strictRules,
    anySelectorValue: podTerms(spec).some((t) => hasInvalidValue(t.labelSelector) || hasInvalidValue(t.namespaceSelector)),
    anyRequiredNodeAffinityValue: hasInvalidNodeValue(spec),
    anySpreadSelector: hasProblem((errors) => {
      for (const c of spec.topologySpreadConstraints ?? []) validateLabelSelector(c.labelSelector, '', errors)
    }),
    anySpreadLabelKeys: hasProblem((errors) => {
      for (const c of spec.topologySpreadConstraints ?? []) validateLabelKeys(c, '', errors)
    }),
    anyTokenPath: hasForeignTokenPath(spec),
    anyHostSysctl: (spec.securityContext?.sysctls ?? []).some(({ name }) => hostSysctlProblem(name ?? '', spec) !== undefined),
    anySeLinuxChangePolicy: spec.securityContext?.seLinuxChangePolicy !== undefined,
    anyInitResizePolicy: (spec.initContainers ?? []).some(
      (c) => c.restartPolicy !== 'Always' && c.resizePolicy?.some((p) => p.restartPolicy === 'RestartContainer'),
    ),
    anyDeletionCost: hasProblem((errors) => {
      const key = 'controller.kubernetes.io/pod-deletion-cost'
      const cost = meta.annotations?.[key]
      if (cost !== undefined) validatePodAnnotations({ [key]: cost }, spec, '', strictRules, errors)
    }),
  }
}

function hasProblem(check: (errors: Errors) => void): boolean {
  const errors: Errors = []
  check(errors)
  return errors.length > 0
}

function podTerms({ affinity }: PodSpec): PodAffinityTerm[] {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((a) => [
    ...(a?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(a?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((p) => p.podAffinityTerm),
  ])
}

function hasInvalidNodeValue({ affinity }: PodSpec): boolean {
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  return terms.some((t) => t.matchExpressions?.some((e) => e.values?.some((v) => isLabelValue(v).length > 0)))
}

const hasForeignTokenPath = (spec: PodSpec): boolean =>
  (spec.volumes ?? [])
    .flatMap((v) => v.projected?.sources ?? [])
    .some(({ serviceAccountToken: token }) => token && hasProblem((errors) => checkNonReservedPath(token.path, '', errors)))
