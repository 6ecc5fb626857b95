import type { Authorizer } from '../auth/authorize.ts'
import { AdmissionMetrics } from '../health/admission-metrics.ts'
import type { Objects } from '../objects.ts'
import type { AdmissionPlugin } from './admission.ts'
import type { PluginConfiguration } from './configuration.ts'
import { alwaysAdmit, alwaysDeny } from './plugins/always.ts'
import { alwaysPullImages } from './plugins/always-pull-images.ts'
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './plugins/certificates.ts'
import { defaultIngressClass } from './plugins/default-ingress-class.ts'
import { defaultTolerationSeconds } from './plugins/default-toleration-seconds.ts'
import { denyServiceExternalIps } from './plugins/deny-service-external-ips.ts'
import { eventRateLimit } from './plugins/event-rate-limit.ts'
import { extendedResourceToleration } from './plugins/extended-resource-toleration.ts'
import { limitPodHardAntiAffinityTopology } from './plugins/hard-anti-affinity.ts'
import { limitRanger } from './plugins/limit-ranger.ts'
import { mutatingAdmissionPolicy } from './plugins/mutating-admission-policy.ts'
import { type CreateNamespace, namespaceAutoProvision, namespaceExists } from './plugins/namespace-exists.ts'
import { namespaceLifecycle } from './plugins/namespace-lifecycle.ts'
import { nodeDeclaredFeatureValidator } from './plugins/node-declared-features.ts'
import { nodeRestriction } from './plugins/node-restriction.ts'
import { ownerReferencesPermissionEnforcement, type ResourcesOfKind } from './plugins/owner-references.ts'
import { podNodeSelector } from './plugins/pod-node-selector.ts'
import { podResizeValidator } from './plugins/pod-resize.ts'
import { podSecurity } from './plugins/pod-security.ts'
import { podTolerationRestriction } from './plugins/pod-toleration-restriction.ts'
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

/** Which plugins there are, and how they are. */
export interface AdmissionChoice {
  /** Names of plugins that are on though they are not by default. */
  readonly enabled?: readonly string[]
  /** Names of plugins that are left out. */
  readonly disabled?: readonly string[]
  readonly configuration?: PluginConfiguration
}

interface AdmissionOptions extends AdmissionChoice {
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
  /** How a namespace is made that something is created in. */
  readonly createNamespace?: CreateNamespace
  readonly resourcesOfKind?: ResourcesOfKind
}

/** The plugins that are on by default or chosen, in kube-apiserver's order (k8s.io/kubernetes/pkg/kubeapiserver/options/plugins.go). */
export function createAdmission(options: AdmissionOptions): readonly AdmissionPlugin[] {
  const { enabled = [], disabled = [] } = options
  checkNames(enabled, disabled)
  const isOff = (name: string): boolean => disabled.includes(name)
  const chosen = optionalPlugins(options).filter(({ name }) => enabled.includes(name))
  const plugins = [...usualPlugins(options), ...chosen.map(({ make }) => make())].filter(({ name }) => !isOff(name))
  return plugins.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
}

/** Throws an Error, in kube-apiserver's words, for names that are none. Escalation is no plugin there: nothing turns it off. */
function checkNames(enabled: readonly string[], disabled: readonly string[]): void {
  const problems = [
    ...enabled
      .filter((name) => !isName(name))
      .map((name) => `enable-admission-plugins plugin ${JSON.stringify(name)} is unknown`),
    ...disabled
      .filter((name) => !isName(name))
      .map((name) => `disable-admission-plugins plugin ${JSON.stringify(name)} is unknown`),
  ]
  const both = enabled.filter((name) => disabled.includes(name))
  if (both.length > 0) problems.push(`[${both.join(' ')}] in enable-admission-plugins and disable-admission-plugins overlapped`)
  if (enabled.includes(imagePolicy)) problems.push(`enable-admission-plugins plugin ${JSON.stringify(imagePolicy)} is not served`)
  if (problems.length > 0) throw new Error(problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`)
}

const isName = (name: string): boolean =>
  name !== 'RoleEscalation' && (order.includes(name) || unserved.includes(name) || name === imagePolicy)

const imagePolicy = 'ImagePolicyWebhook'

/** Plugins of kube-apiserver for kinds that are not served: on or off, they have nothing to do. */
const unserved = ['ClusterTrustBundleAttest', 'JobValidation', 'PodGroupProtection', 'PodGroupWorkloadExists']

const order = [
  'AlwaysAdmit',
  'NamespaceAutoProvision',
  'NamespaceLifecycle',
  'NamespaceExists',
  'LimitPodHardAntiAffinityTopology',
  'LimitRanger',
  'ServiceAccount',
  'NodeRestriction',
  'TaintNodesByCondition',
  'AlwaysPullImages',
  'PodSecurity',
  'PodNodeSelector',
  'Priority',
  'DefaultTolerationSeconds',
  'PodTolerationRestriction',
  'EventRateLimit',
  'ExtendedResourceToleration',
  'DefaultStorageClass',
  'StorageObjectInUseProtection',
  'OwnerReferencesPermissionEnforcement',
  'PersistentVolumeClaimResize',
  'RuntimeClass',
  'CertificateApproval',
  'CertificateSigning',
  'CertificateSubjectRestriction',
  'DefaultIngressClass',
  'DenyServiceExternalIPs',
  'PodTopologyLabels',
  'NodeDeclaredFeatureValidator',
  'PodResizeValidator',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'RoleEscalation',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
  'ResourceQuota',
  'AlwaysDeny',
]

function usualPlugins({
  objects,
  authorizer,
  writeQuotaStatus,
  findKind = () => undefined,
  webhooks = new WebhookCalls(objects),
  metrics = new AdmissionMetrics(),
}: AdmissionOptions): readonly AdmissionPlugin[] {
  const { authorize } = authorizer
  return [
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
}

/** What is on only when it is asked for. */
function optionalPlugins({
  objects,
  authorizer,
  configuration = {},
  createNamespace = async () => {},
  resourcesOfKind = () => [],
}: AdmissionOptions): readonly { readonly name: string; readonly make: () => AdmissionPlugin }[] {
  const { eventLimits = [], nodeSelectors, tolerated } = configuration
  const { authorize } = authorizer
  return [
    { name: 'AlwaysAdmit', make: () => alwaysAdmit },
    { name: 'NamespaceAutoProvision', make: () => namespaceAutoProvision(objects, createNamespace) },
    { name: 'NamespaceExists', make: () => namespaceExists(objects) },
    { name: 'LimitPodHardAntiAffinityTopology', make: () => limitPodHardAntiAffinityTopology },
    { name: 'AlwaysPullImages', make: () => alwaysPullImages },
    { name: 'PodNodeSelector', make: () => podNodeSelector(objects, nodeSelectors) },
    { name: 'PodTolerationRestriction', make: () => podTolerationRestriction(objects, tolerated) },
    { name: 'EventRateLimit', make: () => eventRateLimit(eventLimits) },
    { name: 'ExtendedResourceToleration', make: () => extendedResourceToleration },
    {
      name: 'OwnerReferencesPermissionEnforcement',
      make: () => ownerReferencesPermissionEnforcement(authorize, resourcesOfKind),
    },
    { name: 'DenyServiceExternalIPs', make: () => denyServiceExternalIps },
    { name: 'AlwaysDeny', make: () => alwaysDeny },
  ]
}
