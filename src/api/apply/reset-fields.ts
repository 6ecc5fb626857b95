import { FieldSet } from './fields/field-set.ts'
import { fieldElement } from './fields/path-element.ts'

/** Which of the fields a request gives it can own: a main resource cannot own its status, a status request not its spec. */
export type ResetFilter = (set: FieldSet) => FieldSet

const paths = (...fields: string[]): FieldSet => FieldSet.of(...fields.map((field) => field.split('.').map(fieldElement)))

const excluding =
  (reset: FieldSet): ResetFilter =>
  (set) =>
    set.recursiveDifference(reset)

const withoutStatus = excluding(paths('status'))
const withoutSpec = excluding(paths('spec'))
const withoutSpecAndMetadata = excluding(paths('spec', 'metadata'))

/** Kinds whose status requests own no metadata either. */
const statusOnly = new Set([
  'ValidatingAdmissionPolicy.admissionregistration.k8s.io',
  'FlowSchema.flowcontrol.apiserver.k8s.io',
  'PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io',
  'ServiceCIDR.networking.k8s.io',
  'ResourceClaim.resource.k8s.io',
  'VolumeAttachment.storage.k8s.io',
  'APIService.apiregistration.k8s.io',
])

const statusAndSpec = new Set([
  'DaemonSet.apps',
  'Deployment.apps',
  'ReplicaSet.apps',
  'StatefulSet.apps',
  'HorizontalPodAutoscaler.autoscaling',
  'CronJob.batch',
  'Job.batch',
  'Namespace.',
  'Node.',
  'PersistentVolume.',
  'PersistentVolumeClaim.',
  'Pod.',
  'ReplicationController.',
  'ResourceQuota.',
  'Service.',
  'CustomResourceDefinition.apiextensions.k8s.io',
  'Ingress.networking.k8s.io',
  'PodDisruptionBudget.policy',
])

/** What differs from the two rules above, by `<kind>.<group>/<subresource>`. */
const particular: Record<string, ResetFilter> = {
  'Deployment.apps/status': excluding(paths('spec', 'metadata.labels')),
  'Pod./status': excluding(paths('spec', 'metadata.deletionTimestamp', 'metadata.ownerReferences')),
  'CertificateSigningRequest.certificates.k8s.io/': excluding(paths('spec', 'status')),
  'CertificateSigningRequest.certificates.k8s.io/status': excluding(paths('spec', 'status.conditions')),
  'CertificateSigningRequest.certificates.k8s.io/approval': excluding(paths('spec', 'status.certificate')),
  'Namespace./finalize': withoutStatus,
}

const everything: ResetFilter = (set) => set

/** The filter of a built-in kind for its main resource ('') or a subresource. */
export function resetFilterOf(group: string, kind: string, subresource: string): ResetFilter {
  const name = `${kind}.${group}`
  const special = particular[`${name}/${subresource}`]
  if (special) return special
  if (subresource !== '' && subresource !== 'status') return everything
  if (!statusOnly.has(name) && !statusAndSpec.has(name)) return everything
  if (subresource === 'status') return statusOnly.has(name) ? withoutSpecAndMetadata : withoutSpec
  return withoutStatus
}

/** The filter of a custom resource. */
export function customResetFilter(hasStatus: boolean, subresource: string): ResetFilter {
  if (subresource === 'status') return withoutSpecAndMetadata
  return hasStatus ? withoutStatus : everything
}
