/** How groups are ordered in discovery: the higher first (kube-apiserver's own table, cmd/kube-apiserver/app/aggregator.go). */
const groups: Readonly<Record<string, number>> = {
  '': 18_000,
  'apiregistration.k8s.io': 20_000,
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'admissionregistration.k8s.io': 16_700,
  'apiextensions.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'resource.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
}

/** Versions of built-in groups that are not the usual one. */
const versions: Readonly<Record<string, number>> = {
  '/v1': 1,
  'autoscaling/v2': 30,
  'resource.k8s.io/v1': 21,
  'flowcontrol.apiserver.k8s.io/v1': 21,
}

const usualVersion = 15
/** Custom resources come after what is built in. */
const custom = { group: 1000, version: 100 }

export interface Priority {
  readonly group: number
  readonly version: number
}

/** The priority of a group version that this server answers for itself. */
export function localPriority(group: string, version: string): Priority {
  const own = groups[group]
  return own === undefined ? custom : { group: own, version: versions[`${group}/${version}`] ?? usualVersion }
}

/** Whether a group is one of Kubernetes' own, which no definition can claim. */
export const isBuiltInGroup = (group: string): boolean => groups[group] !== undefined
