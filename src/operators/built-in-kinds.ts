import type { KubeObject } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import * as builtIn from '../apimachinery/resources.generated.ts'

/** The built-in kinds, for those who know them by kind: in the version that an operator means when it says `Deployment`. */
const byKind = {
  APIService: builtIn.apiservices,
  CSIDriver: builtIn.csidrivers,
  CSINode: builtIn.csinodes,
  CSIStorageCapacity: builtIn.csistoragecapacities,
  CertificateSigningRequest: builtIn.certificatesigningrequests,
  ClusterRole: builtIn.clusterroles,
  ClusterRoleBinding: builtIn.clusterrolebindings,
  ConfigMap: builtIn.configmaps,
  ControllerRevision: builtIn.controllerrevisions,
  CronJob: builtIn.cronjobs,
  CustomResourceDefinition: builtIn.customresourcedefinitions,
  DaemonSet: builtIn.daemonsets,
  Deployment: builtIn.deployments,
  DeviceClass: builtIn.deviceclasses,
  EndpointSlice: builtIn.endpointslices,
  Endpoints: builtIn.endpoints,
  Event: builtIn.events,
  FlowSchema: builtIn.flowschemas,
  HorizontalPodAutoscaler: builtIn.horizontalpodautoscalers,
  IPAddress: builtIn.ipaddresses,
  Ingress: builtIn.ingresses,
  IngressClass: builtIn.ingressclasses,
  Job: builtIn.jobs,
  Lease: builtIn.leases,
  LimitRange: builtIn.limitranges,
  MutatingAdmissionPolicy: builtIn.mutatingadmissionpolicies,
  MutatingAdmissionPolicyBinding: builtIn.mutatingadmissionpolicybindings,
  MutatingWebhookConfiguration: builtIn.mutatingwebhookconfigurations,
  Namespace: builtIn.namespaces,
  NetworkPolicy: builtIn.networkpolicies,
  Node: builtIn.nodes,
  PersistentVolume: builtIn.persistentvolumes,
  PersistentVolumeClaim: builtIn.persistentvolumeclaims,
  Pod: builtIn.pods,
  PodDisruptionBudget: builtIn.poddisruptionbudgets,
  PodTemplate: builtIn.podtemplates,
  PriorityClass: builtIn.priorityclasses,
  PriorityLevelConfiguration: builtIn.prioritylevelconfigurations,
  ReplicaSet: builtIn.replicasets,
  ReplicationController: builtIn.replicationcontrollers,
  ResourceClaim: builtIn.resourceclaims,
  ResourceClaimTemplate: builtIn.resourceclaimtemplates,
  ResourceQuota: builtIn.resourcequotas,
  ResourceSlice: builtIn.resourceslices,
  Role: builtIn.roles,
  RoleBinding: builtIn.rolebindings,
  RuntimeClass: builtIn.runtimeclasses,
  Secret: builtIn.secrets,
  Service: builtIn.services,
  ServiceAccount: builtIn.serviceaccounts,
  ServiceCIDR: builtIn.servicecidrs,
  StatefulSet: builtIn.statefulsets,
  StorageClass: builtIn.storageclasses,
  ValidatingAdmissionPolicy: builtIn.validatingadmissionpolicies,
  ValidatingAdmissionPolicyBinding: builtIn.validatingadmissionpolicybindings,
  ValidatingWebhookConfiguration: builtIn.validatingwebhookconfigurations,
  VolumeAttachment: builtIn.volumeattachments,
  VolumeAttributesClass: builtIn.volumeattributesclasses,
} as const

/** The name of a built-in kind, such as `Deployment`. */
export type BuiltInKind = keyof typeof byKind
/** The type of the objects of a built-in kind. */
export type BuiltIn<K extends BuiltInKind> = (typeof byKind)[K] extends Resource<infer T extends KubeObject> ? T : never

/** Says of which kind: a built-in one by its name, any other by its resource. */
export type KindName = BuiltInKind | Resource

/** The type of the objects of a kind. */
export type ObjectOf<K extends KindName> = K extends BuiltInKind
  ? BuiltIn<K>
  : K extends Resource<infer T extends KubeObject>
    ? T
    : never

/** The resource of a kind. Throws for a name that is no built-in kind. */
export function resourceOf(kind: KindName): Resource {
  if (typeof kind !== 'string') return kind
  if (Object.hasOwn(byKind, kind)) return byKind[kind] as unknown as Resource<KubeObject>
  throw new Error(`${JSON.stringify(kind)} is no built-in kind: give the resource of a custom one, as slipway types writes it`)
}
