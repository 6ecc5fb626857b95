import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../../../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../../apimachinery/object.ts'
import { type Quantity, roundUpQuantity, signOf } from '../../../apimachinery/quantity.ts'
import { groupResource } from '../../../apimachinery/resource.ts'
import type { AdmissionRequest } from '../admission.ts'
import { type Amounts, amountsOf, count, podAmounts } from './amounts.ts'

type Scope = { readonly scopeName: string; readonly operator: string; readonly values?: readonly string[] }

/** How one resource counts towards quotas. */
export interface Meter {
  /** Whether this write can change what is used. */
  readonly counts: (request: AdmissionRequest) => boolean
  /** Which of a quota's names concern it. */
  readonly measures: (name: string) => boolean
  readonly usage: (object: KubeObject) => Amounts
  readonly inScope: (object: KubeObject, scope: Scope) => boolean
  /** What must be said in the object when a quota asks for `names`; undefined: nothing is missing. */
  readonly missing: (object: KubeObject, names: readonly string[]) => string | undefined
}

const noScope = (): boolean => false
const isMain = ({ subresource }: AdmissionRequest): boolean => subresource === ''

/** Things that are questions or come too often to be counted. */
const uncounted = new Set(
  'bindings componentstatuses tokenreviews.authentication.k8s.io selfsubjectreviews.authentication.k8s.io subjectaccessreviews.authorization.k8s.io selfsubjectaccessreviews.authorization.k8s.io localsubjectaccessreviews.authorization.k8s.io selfsubjectrulesreviews.authorization.k8s.io events events.events.k8s.io'.split(
    ' ',
  ),
)
const aliases = new Set(['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets'])

export function meterFor(request: AdmissionRequest): Meter | undefined {
  const name = groupResource(request)
  if (uncounted.has(name)) return undefined
  return meters[name] ?? objectCount(name)
}

function objectCount(name: string): Meter {
  const names = new Set([`count/${name}`, ...(aliases.has(name) ? [name] : [])])
  return {
    counts: (request) => isMain(request) && request.operation === 'CREATE',
    measures: (n) => names.has(n),
    usage: () => new Map([...names].map((n) => [n, count(1)])),
    inScope: noScope,
    missing: () => undefined,
  }
}

const claims: Meter = {
  counts: (request) => isMain(request) && request.operation !== 'DELETE',
  measures: (n) =>
    ['persistentvolumeclaims', 'requests.storage', 'count/persistentvolumeclaims'].includes(n) ||
    /\.storageclass\.storage\.k8s\.io\/(persistentvolumeclaims|requests\.storage)$/.test(n),
  usage: (object) => {
    const { spec, metadata } = object as PersistentVolumeClaim
    const asked = amountsOf(spec?.resources?.requests).get('storage')
    const storage = asked && roundUpQuantity(asked, 0)
    const storageClass = metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? ''
    const own: [string, Quantity][] = [
      ['persistentvolumeclaims', count(1)],
      ...(storage ? [['requests.storage', storage] as [string, Quantity]] : []),
    ]
    const ofClass = storageClass
      ? own.map(([n, a]): [string, Quantity] => [`${storageClass}.storageclass.storage.k8s.io/${n}`, a])
      : []
    return new Map([...own, ['count/persistentvolumeclaims', count(1)], ...ofClass])
  },
  inScope: (object, { scopeName, operator, values }) => {
    const { spec, status } = object as PersistentVolumeClaim
    const names = [
      spec?.volumeAttributesClassName,
      status?.currentVolumeAttributesClassName,
      status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
    ]
    if (scopeName !== 'VolumeAttributesClass') return false
    const used = names.filter((n) => n !== undefined && n !== '')
    return operator === 'Exists'
      ? used.length > 0
      : used.some((n) => matchesValue(n, operator, values)) || (used.length === 0 && matchesValue(undefined, operator, values))
  },
  missing: () => undefined,
}

const serviceMeter: Meter = {
  counts: (request) => isMain(request) && request.operation !== 'DELETE',
  measures: (n) => ['services', 'services.nodeports', 'services.loadbalancers', 'count/services'].includes(n),
  usage: (object) => {
    const { spec } = object as Service
    const ports = spec?.ports ?? []
    const isBalancer = spec?.type === 'LoadBalancer'
    const chosen =
      isBalancer && spec.allocateLoadBalancerNodePorts === false ? ports.filter((p) => p.nodePort).length : ports.length
    return new Map([
      ['count/services', count(1)],
      ['services', count(1)],
      ['services.nodeports', count(isBalancer || spec?.type === 'NodePort' ? chosen : 0)],
      ['services.loadbalancers', count(isBalancer ? 1 : 0)],
    ])
  },
  inScope: noScope,
  missing: () => undefined,
}

const podNames = new Set(
  'pods count/pods cpu memory ephemeral-storage requests.cpu requests.memory requests.ephemeral-storage limits.cpu limits.memory limits.ephemeral-storage'.split(
    ' ',
  ),
)
const computed = ['cpu', 'memory', 'ephemeral-storage']
const required = new Set('cpu memory requests.cpu requests.memory limits.cpu limits.memory'.split(' '))
const isExtended = (n: string): boolean =>
  n.startsWith('requests.') && n.includes('/') && !n.startsWith('requests.kubernetes.io/') && !n.includes('.kubernetes.io/')

const podMeter: Meter = {
  counts: (request) => {
    if (request.subresource === 'resize') return request.operation === 'UPDATE'
    if (!isMain(request)) return false
    if (request.operation === 'CREATE') return true
    return request.operation === 'UPDATE' && isTerminating(request.object as Pod) !== isTerminating(request.oldObject as Pod)
  },
  measures: (n) => podNames.has(n) || n.startsWith('hugepages-') || n.startsWith('requests.hugepages-') || isExtended(n),
  usage: (object) => {
    const { spec, status } = object as Pod
    const isOver = status?.phase === 'Failed' || status?.phase === 'Succeeded'
    const own = new Map([['count/pods', count(1)]])
    if (!spec || isOver) return own
    return new Map([...own, ...computeUsage(podAmounts(spec, 'requests', true), podAmounts(spec, 'limits', true))])
  },
  inScope: (object, scope) => podInScope(object as Pod, scope),
  missing: (object, names) => {
    const { spec } = object as Pod
    if (!spec || spec.resources?.requests || spec.resources?.limits) return undefined
    const wanted = names.filter((n) => required.has(n)).sort()
    const containers = [...spec.containers, ...(spec.initContainers ?? [])]
    const lacking = wanted.flatMap((n) => {
      const silent = containers.filter(
        (c) => !computeUsage(amountsOf(c.resources?.requests), amountsOf(c.resources?.limits)).has(n),
      )
      return silent.length > 0 ? [`${n} for: ${[...new Set(silent.map((c) => c.name))].sort().join(',')}`] : []
    })
    return lacking.length > 0 ? `must specify ${lacking.join('; ')}` : undefined
  },
}

function computeUsage(requests: Amounts, limits: Amounts): Map<string, Quantity> {
  const usage = new Map([['pods', count(1)]])
  for (const [name, amount] of requests) {
    const isHuge = name.startsWith('hugepages-')
    if (computed.includes(name) || isHuge) usage.set(name, amount)
    if (computed.includes(name) || isHuge || name.includes('/')) usage.set(`requests.${name}`, amount)
  }
  for (const name of computed) {
    const limit = limits.get(name)
    if (limit) usage.set(`limits.${name}`, limit)
  }
  return usage
}

const isTerminating = ({ spec }: Pod): boolean => (spec?.activeDeadlineSeconds ?? -1) >= 0

function podInScope(pod: Pod, { scopeName, operator, values }: Scope): boolean {
  const name = pod.spec?.priorityClassName
  switch (scopeName) {
    case 'Terminating':
      return isTerminating(pod)
    case 'NotTerminating':
      return !isTerminating(pod)
    case 'BestEffort':
      return isBestEffort(pod)
    case 'NotBestEffort':
      return !isBestEffort(pod)
    case 'PriorityClass':
      return operator === 'Exists' ? !!name : matchesValue(name || undefined, operator, values)
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(pod)
    default:
      return false
  }
}

function matchesValue(value: string | undefined, operator: string, values: readonly string[] = []): boolean {
  if (operator === 'In') return value !== undefined && values.includes(value)
  if (operator === 'NotIn') return value === undefined || !values.includes(value)
  return operator === 'Exists' ? value !== undefined : value === undefined
}

function isBestEffort({ spec }: Pod): boolean {
  const asks = (r: { requests?: object; limits?: object } | undefined): boolean =>
    ['cpu', 'memory'].some((n) =>
      [r?.requests, r?.limits].some((list) => signOf(amountsOf(list as Record<string, string>).get(n) ?? '0') > 0),
    )
  return !asks(spec?.resources) && ![...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].some((c) => asks(c.resources))
}

function crossesNamespaces({ spec }: Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {}
  return [podAffinity, podAntiAffinity].some((affinity) =>
    [
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((w) => w.podAffinityTerm),
    ].some((term) => term.namespaces?.length || term.namespaceSelector),
  )
}

const meters: Readonly<Record<string, Meter | undefined>> = {
  pods: podMeter,
  services: serviceMeter,
  persistentvolumeclaims: claims,
}

/** Whether `object` falls under `quota`: it measures something of it, and all its scopes hold. */
export function isUnder({ spec, status }: ResourceQuota, object: KubeObject, meter: Meter): boolean {
  const scopes: Scope[] = [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })),
    ...((spec?.scopeSelector?.matchExpressions ?? []) as Scope[]),
  ]
  return Object.keys(status?.hard ?? {}).some(meter.measures) && scopes.every((scope) => meter.inScope(object, scope))
}
