import type { KubeObject } from '../../apimachinery/object.ts'
import { mutatingAdmissionPolicy } from './admissionregistration/mutating-admission-policy.ts'
import { mutatingAdmissionPolicyBinding } from './admissionregistration/mutating-admission-policy-binding.ts'
import { mutatingWebhookConfiguration } from './admissionregistration/mutating-webhook-configuration.ts'
import { validatingAdmissionPolicy } from './admissionregistration/validating-admission-policy.ts'
import { validatingAdmissionPolicyBinding } from './admissionregistration/validating-admission-policy-binding.ts'
import { validatingWebhookConfiguration } from './admissionregistration/validating-webhook-configuration.ts'
import { customResourceDefinition } from './apiextensions/custom-resource-definition.ts'
import { apiService } from './apiregistration/api-service.ts'
import { controllerRevision } from './apps/controller-revision.ts'
import { daemonSet } from './apps/daemon-set.ts'
import { deployment } from './apps/deployment.ts'
import { replicaSet } from './apps/replica-set.ts'
import { statefulSet } from './apps/stateful-set.ts'
import { selfSubjectReview, tokenReview } from './authentication/reviews.ts'
import {
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  subjectAccessReview,
} from './authorization/reviews.ts'
import { horizontalPodAutoscaler } from './autoscaling/horizontal-pod-autoscaler.ts'
import { horizontalPodAutoscalerV1 } from './autoscaling/horizontal-pod-autoscaler-v1.ts'
import { cronJob } from './batch/cron-job.ts'
import { job } from './batch/job.ts'
import { certificateSigningRequest } from './certificates/certificate-signing-request.ts'
import { lease } from './coordination/lease.ts'
import { binding } from './core/binding.ts'
import { componentStatus } from './core/component-status.ts'
import { configMap } from './core/config-map.ts'
import { endpoints } from './core/endpoints.ts'
import { event } from './core/event.ts'
import { limitRange } from './core/limit-range.ts'
import { namespace } from './core/namespace.ts'
import { node } from './core/node.ts'
import { persistentVolume } from './core/persistent-volume/persistent-volume.ts'
import { persistentVolumeClaim } from './core/persistent-volume/persistent-volume-claim.ts'
import { pod } from './core/pod/pod.ts'
import { podTemplate } from './core/pod-template.ts'
import { replicationController } from './core/replication-controller.ts'
import { resourceQuota } from './core/resource-quota.ts'
import { secret } from './core/secret.ts'
import { service } from './core/service/service.ts'
import { serviceAccount } from './core/service-account.ts'
import { endpointSlice } from './discovery/endpoint-slice.ts'
import { eventsEvent } from './events/event.ts'
import { flowSchema } from './flowcontrol/flow-schema.ts'
import { priorityLevelConfiguration } from './flowcontrol/priority-level-configuration.ts'
import type { Kind } from './kind.ts'
import { ingress } from './networking/ingress.ts'
import { ingressClass } from './networking/ingress-class.ts'
import { ipAddress } from './networking/ip-address.ts'
import { networkPolicy } from './networking/network-policy.ts'
import { serviceCidr } from './networking/service-cidr.ts'
import { runtimeClass } from './node/runtime-class.ts'
import { podDisruptionBudget } from './policy/pod-disruption-budget.ts'
import { clusterRole } from './rbac/cluster-role.ts'
import { clusterRoleBinding } from './rbac/cluster-role-binding.ts'
import { role } from './rbac/role.ts'
import { roleBinding } from './rbac/role-binding.ts'
import { deviceClass } from './resource/device-class.ts'
import { resourceClaim } from './resource/resource-claim.ts'
import { resourceClaimTemplate } from './resource/resource-claim-template.ts'
import { resourceSlice } from './resource/resource-slice.ts'
import { priorityClass } from './scheduling/priority-class.ts'
import { csiDriver } from './storage/csi-driver.ts'
import { csiNode } from './storage/csi-node.ts'
import { csiStorageCapacity } from './storage/csi-storage-capacity.ts'
import { storageClass } from './storage/storage-class.ts'
import { volumeAttachment } from './storage/volume-attachment.ts'
import { volumeAttributesClass } from './storage/volume-attributes-class.ts'

/** Every built-in kind, by group. */
export const kinds: readonly Kind[] = [
  erased(mutatingAdmissionPolicyBinding),
  erased(mutatingAdmissionPolicy),
  erased(mutatingWebhookConfiguration),
  erased(validatingAdmissionPolicyBinding),
  erased(validatingAdmissionPolicy),
  erased(validatingWebhookConfiguration),
  erased(customResourceDefinition),
  erased(apiService),
  erased(controllerRevision),
  erased(daemonSet),
  erased(deployment),
  erased(replicaSet),
  erased(statefulSet),
  erased(tokenReview),
  erased(selfSubjectReview),
  erased(subjectAccessReview),
  erased(selfSubjectAccessReview),
  erased(localSubjectAccessReview),
  erased(selfSubjectRulesReview),
  erased(horizontalPodAutoscaler),
  erased(horizontalPodAutoscalerV1),
  erased(cronJob),
  erased(job),
  erased(certificateSigningRequest),
  erased(lease),
  erased(binding),
  erased(componentStatus),
  erased(configMap),
  erased(endpoints),
  erased(event),
  erased(limitRange),
  erased(namespace),
  erased(node),
  erased(persistentVolumeClaim),
  erased(persistentVolume),
  erased(podTemplate),
  erased(pod),
  erased(replicationController),
  erased(resourceQuota),
  erased(secret),
  erased(serviceAccount),
  erased(service),
  erased(endpointSlice),
  erased(eventsEvent),
  erased(flowSchema),
  erased(priorityLevelConfiguration),
  erased(ingressClass),
  erased(ingress),
  erased(ipAddress),
  erased(networkPolicy),
  erased(serviceCidr),
  erased(runtimeClass),
  erased(podDisruptionBudget),
  erased(clusterRoleBinding),
  erased(clusterRole),
  erased(roleBinding),
  erased(role),
  erased(deviceClass),
  erased(resourceClaimTemplate),
  erased(resourceClaim),
  erased(resourceSlice),
  erased(priorityClass),
  erased(csiDriver),
  erased(csiNode),
  erased(csiStorageCapacity),
  erased(storageClass),
  erased(volumeAttachment),
  erased(volumeAttributesClass),
]

/** A kind's functions are only ever given objects of that kind. */
function erased<T extends KubeObject>(kind: Kind<T>): Kind {
  return kind as unknown as Kind
}
