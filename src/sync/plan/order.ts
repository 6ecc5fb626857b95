import type { Unstructured } from '../../apimachinery/object.ts'

/** In which order kinds are applied (Argo CD's order; pruning goes the other way round). */
const kindOrder = [
  'Namespace',
  'NetworkPolicy',
  'ResourceQuota',
  'LimitRange',
  'PodDisruptionBudget',
  'ServiceAccount',
  'Secret',
  'ConfigMap',
  'StorageClass',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'Service',
  'DaemonSet',
  'Pod',
  'ReplicationController',
  'ReplicaSet',
  'Deployment',
  'HorizontalPodAutoscaler',
  'StatefulSet',
  'Job',
  'CronJob',
  'IngressClass',
  'Ingress',
  'APIService',
]
const rank = new Map(kindOrder.map((kind, i) => [kind, i]))

/** The wave of an object: `argocd.argoproj.io/sync-wave`, else 0. */
export function waveOf(object: Unstructured): number {
  const wave = Number(object.metadata.annotations?.['argocd.argoproj.io/sync-wave'] ?? 0)
  return Number.isInteger(wave) ? wave : 0
}

/** Namespaces and CRDs that others need come in the wave of their first user, if that is earlier. */
export function applyOrder<T extends { readonly object: Unstructured }>(items: readonly T[]): T[] {
  const firstUse = new Map<string, number>()
  const note = (key: string, wave: number) => firstUse.set(key, Math.min(wave, firstUse.get(key) ?? wave))
  for (const { object } of items) {
    if (object.metadata.namespace) note(`Namespace/${object.metadata.namespace}`, waveOf(object))
    note(`kind/${object.apiVersion?.split('/')[0]}/${object.kind}`, waveOf(object))
  }
  const wave = (object: Unstructured): number => {
    const spec = object.spec as { group?: string; names?: { kind?: string } } | undefined
    const key =
      object.kind === 'CustomResourceDefinition'
        ? `kind/${spec?.group}/${spec?.names?.kind}`
        : `${object.kind}/${object.metadata.name}`
    return Math.min(waveOf(object), firstUse.get(key) ?? waveOf(object))
  }
  return items
    .map((item) => ({ item, wave: wave(item.object), rank: rank.get(item.object.kind ?? '') ?? kindOrder.length }))
    .sort((a, b) => a.wave - b.wave || a.rank - b.rank || compareNames(a.item.object, b.item.object))
    .map(({ item }) => item)
}

function compareNames(a: Unstructured, b: Unstructured): number {
  const name = (o: Unstructured) => `${o.kind}/${o.metadata.namespace ?? ''}/${o.metadata.name}`
  return name(a) < name(b) ? -1 : 1
}
