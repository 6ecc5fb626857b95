import type { Authorizer } from '../auth/authorize.ts'
import { AdmissionMetrics } from '../health/admission-metrics.ts'
import type { Objects } from '../objects.ts'
import type { AdmissionPlugin } from './admission.ts'
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './plugins/certificates.ts'
import { defaultIngressClass } from './plugins/default-ingress-class.ts'
import { defaultTolerationSeconds } from './plugins/default-toleration-seconds.ts'
import { limitRanger } from './plugins/limit-ranger.ts'
import { mutatingAdmissionPolicy } from './plugins/mutating-admission-policy.ts'
import { namespaceLifecycle } from './plugins/namespace-lifecycle.ts'
import { nodeDeclaredFeatureValidator } from './plugins/node-declared-features.ts'
import { nodeRestriction } from './plugins/node-restriction.ts'
import { podResizeValidator } from './plugins/pod-resize.ts'
import { podSecurity } from './plugins/pod-security.ts'
import { podTopologyLabels } from './plugins/pod-topology-labels.ts'
import { priority } from './plugins/priority.ts'
import { resourceQuota, type WriteQuotaStatus } from './plugins/resource-quota.ts'
import { roleEscalation } from './plugins/role-escalation.ts'
import { runtimeClass } from './plugins/runtime-class.ts'
import { serviceAccount } from './plugins/service-account.ts'
import { defaultStorageClass, persistentVolumeClaimResize, storageObjectInUseProtection } from './plugins/storage.ts'
import { taintNodesByCondition } from './plugins/taint-nodes-by-condition.ts'
import { validatingAdmissionPolicy } from './plugins/validating-admission-policy.ts'
import { mutatingWebhooks, validatingWebhooks } from './plugins/webhooks.ts'
import type { FindKind } from './served-kinds.ts'
import { WebhookCalls } from './webhook/call.ts'

export interface AdmissionOptions {
  readonly objects: Objects
  readonly authorizer: Authorizer
  /** How the use of a quota is written; without it quotas are checked but not counted. */
  readonly writeQuotaStatus?: WriteQuotaStatus
  /** How objects that policies and webhooks changed are read again; without it they are taken as they are. */
  readonly findKind?: FindKind
  /** How webhooks are asked. */
  readonly webhooks?: WebhookCalls
  /** Told how webhooks answer. */
  readonly metrics?: AdmissionMetrics
  /** Names of plugins that are left out. */
  readonly disabled?: readonly string[]
}

/** The plugins that are on by default, in kube-apiserver's order (k8s.io/kubernetes/pkg/kubeapiserver/options/plugins.go). */
export function createAdmission({
  objects,
  authorizer,
  writeQuotaStatus,
  findKind = () => undefined,
  webhooks = new WebhookCalls(objects),
  metrics = new AdmissionMetrics(),
  disabled = [],
}: AdmissionOptions): readonly AdmissionPlugin[] {
  const { authorize } = authorizer
  const plugins = [
    namespaceLifecycle(objects),
    limitRanger(objects),
    serviceAccount(objects),
    nodeRestriction(objects, authorize),
    taintNodesByCondition,
    podSecurity(objects),
    priority(objects),
    defaultTolerationSeconds,
    defaultStorageClass(objects),
    storageObjectInUseProtection,
    persistentVolumeClaimResize(objects),
    runtimeClass(objects),
    certificateApproval(authorize),
    certificateSigning(authorize),
    certificateSubjectRestriction,
    defaultIngressClass(objects),
    podTopologyLabels(objects),
    nodeDeclaredFeatureValidator(objects),
    podResizeValidator(objects),
    mutatingAdmissionPolicy(objects, authorize, findKind),
    mutatingWebhooks(objects, authorize, findKind, webhooks, metrics),
    roleEscalation(authorizer),
    validatingAdmissionPolicy(objects, authorize),
    validatingWebhooks(objects, authorize, webhooks, metrics),
    resourceQuota(objects, writeQuotaStatus ?? (async () => {})),
  ]
  // Escalation is no plugin in kube-apiserver: nothing turns it off.
  const known = plugins.filter(({ name }) => name !== 'RoleEscalation').map(({ name }) => name)
  const unknown = disabled.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`no admission plugin is called ${unknown.join(', ')}; there are ${known.join(', ')}`)
  return plugins.filter(({ name }) => !disabled.includes(name))
}
