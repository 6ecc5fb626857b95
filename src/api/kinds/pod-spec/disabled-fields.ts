import type { Container, PodSpec, PodTemplateSpec, VolumeProjection } from '../../../apimachinery/kinds.generated.ts'
import { visitContainers } from './visit.ts'

/**
 * Drops fields of features that are off in Kubernetes 1.36 unless the old spec already uses them (pkg/api/pod DropDisabledFields):
 * ContainerStopSignals, ClusterTrustBundleProjection, PodCertificateRequest, GenericWorkload. In place.
 */
export function dropDisabledFields(spec: PodSpec | undefined, old?: PodSpec): void {
  if (!spec) return
  if (!old?.schedulingGroup && spec.schedulingGroup) delete spec.schedulingGroup
  if (!usesStopSignals(old)) {
    visitContainers(spec, '', dropStopSignal)
  }
  dropProjections(spec, old)
}

/** The same of a workload's template. In place. */
export const dropDisabledTemplateFields = (template: PodTemplateSpec | undefined, old?: PodTemplateSpec): void =>
  dropDisabledFields(template?.spec, old?.spec)

/** A lifecycle that only said the signal goes with it. */
function dropStopSignal(container: Pick<Container, 'lifecycle'>): void {
  const { lifecycle } = container
  if (lifecycle?.stopSignal === undefined) return
  delete lifecycle.stopSignal
  if (Object.keys(lifecycle).length === 0) delete container.lifecycle
}

function usesStopSignals(spec: PodSpec | undefined): boolean {
  let used = false
  if (spec) {
    visitContainers(spec, '', ({ lifecycle }) => {
      used ||= lifecycle?.stopSignal !== undefined
    })
  }
  return used
}

const offProjections = ['clusterTrustBundle', 'podCertificate'] as const

function dropProjections(spec: PodSpec, old: PodSpec | undefined): void {
  for (const field of offProjections) {
    // Asked before: deleting what is not there costs an object its shape.
    if (!projects(spec, (s) => field in s) || projects(old, (s) => !!s[field])) continue
    for (const { projected } of spec.volumes ?? []) for (const source of projected?.sources ?? []) delete source[field]
  }
}

const projects = (spec: PodSpec | undefined, isSo: (source: VolumeProjection) => boolean): boolean =>
  spec?.volumes?.some(({ projected }) => projected?.sources?.some(isSo)) ?? false
