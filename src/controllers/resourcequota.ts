// Says how much of each ResourceQuota is used. Admission refuses what is beyond; here it is counted anew when things go.
import type { Container, PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../apimachinery/object.ts'
import { addQuantities, compareQuantities, formatQuantity, type Quantity, quantityOf } from '../apimachinery/quantity.ts'
import { groupResource, type Resource } from '../apimachinery/resource.ts'
import {
  configmaps,
  persistentvolumeclaims,
  pods,
  replicationcontrollers,
  resourcequotas,
  secrets,
  services,
} from '../apimachinery/resources.generated.ts'
import { inTurns, type Steps } from '../apimachinery/steps.ts'
import { type Context, defineController, watching } from '../operators/controller.ts'
import { writeStatus } from '../operators/status.ts'
import { discover } from './discovery.ts'
import { isTerminal } from './pods.ts'

type Amounts = Map<string, Quantity>
type Scope = { readonly scopeName: string; readonly operator: string; readonly values?: readonly string[] }

const one = quantityOf(1)

function add(into: Amounts, name: string, amount: string | Quantity): void {
  const before = into.get(name)
  into.set(name, before ? addQuantities(before, amount) : addQuantities(amount, quantityOf(0)))
}

/** Requests or limits of a pod: its containers together, or its largest init container beside the sidecars, plus overhead. */
function podAmounts({ spec }: Pod, which: 'requests' | 'limits'): Amounts {
  const total: Amounts = new Map()
  const of = (c: Container) => Object.entries(c.resources?.[which] ?? {})
  for (const c of spec?.containers ?? []) for (const [name, amount] of of(c)) add(total, name, amount)
  const sidecars: Amounts = new Map()
  const starting: Amounts = new Map()
  for (const c of spec?.initContainers ?? []) {
    const now: Amounts = new Map(sidecars)
    for (const [name, amount] of of(c)) {
      add(now, name, amount)
      if (c.restartPolicy === 'Always') for (const sum of [total, sidecars]) add(sum, name, amount)
    }
    raise(starting, now)
  }
  raise(total, starting)
  for (const [name, amount] of Object.entries(spec?.resources?.[which] ?? {}))
    total.set(name, addQuantities(amount, quantityOf(0)))
  for (const [name, amount] of Object.entries(spec?.overhead ?? {}))
    if (which === 'requests' || total.has(name)) add(total, name, amount)
  return total
}

function raise(into: Amounts, other: Amounts): void {
  for (const [name, amount] of other) if (compareQuantities(amount, into.get(name) ?? quantityOf(0)) > 0) into.set(name, amount)
}

/** What a pod that is not finished counts for, under the names that quotas use. */
function podUsage(pod: Pod): Amounts {
  const used: Amounts = new Map([['count/pods', one]])
  if (isTerminal(pod)) return used
  used.set('pods', one)
  for (const which of ['requests', 'limits'] as const)
    for (const [name, amount] of podAmounts(pod, which)) {
      used.set(`${which}.${name}`, amount)
      if (which === 'requests' && ['cpu', 'memory', 'ephemeral-storage'].includes(name)) used.set(name, amount)
    }
  return used
}

function serviceUsage({ spec }: Service): Amounts {
  const used: Amounts = new Map([
    ['services', one],
    ['count/services', one],
  ])
  const balanced = spec?.type === 'LoadBalancer'
  const hasPorts = spec?.type === 'NodePort' || (balanced && spec?.allocateLoadBalancerNodePorts !== false)
  if (hasPorts) used.set('services.nodeports', quantityOf(spec?.ports?.length ?? 0))
  if (balanced) used.set('services.loadbalancers', one)
  return used
}

function claimUsage({ spec }: PersistentVolumeClaim): Amounts {
  const storage = spec?.resources?.requests?.storage
  const used: Amounts = new Map([
    ['persistentvolumeclaims', one],
    ['count/persistentvolumeclaims', one],
  ])
  if (storage !== undefined) add(used, 'requests.storage', storage)
  if (spec?.storageClassName) {
    const prefix = `${spec.storageClassName}.storageclass.storage.k8s.io`
    used.set(`${prefix}/persistentvolumeclaims`, one)
    if (storage !== undefined) add(used, `${prefix}/requests.storage`, storage)
  }
  return used
}

function isInScope(pod: Pod, { scopeName, operator, values = [] }: Scope): boolean {
  const bestEffort = [...podAmounts(pod, 'requests').keys(), ...podAmounts(pod, 'limits').keys()].every(
    (n) => n !== 'cpu' && n !== 'memory',
  )
  const terminating = pod.spec?.activeDeadlineSeconds !== undefined
  const className = pod.spec?.priorityClassName ?? ''
  switch (scopeName) {
    case 'BestEffort':
      return bestEffort
    case 'NotBestEffort':
      return !bestEffort
    case 'Terminating':
      return terminating
    case 'NotTerminating':
      return !terminating
    case 'PriorityClass':
      if (operator === 'Exists') return className !== ''
      if (operator === 'DoesNotExist') return className === ''
      return values.includes(className) === (operator === 'In')
    case 'CrossNamespacePodAffinity': {
      const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {}
      const terms = [podAffinity, podAntiAffinity].flatMap((side) => [
        ...(side?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
        ...(side?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((w) => w.podAffinityTerm),
      ])
      return terms.some((t) => (t.namespaces ?? []).length > 0 || t.namespaceSelector !== undefined)
    }
    default:
      return false
  }
}

/** What is there in a quota's namespace, by `resource.group`. */
type Contents = ReadonlyMap<string, readonly KubeObject[]>

/** So many objects are counted in one step. */
const stepSize = 100

/** How much of each of the quota's names is used. */
export function* usedBy(quota: ResourceQuota, contents: Contents): Steps<Record<string, string>> {
  const { hard = {}, scopes = [], scopeSelector } = quota.spec ?? {}
  const required: Scope[] = [
    ...scopes.map((scopeName) => ({ scopeName, operator: 'Exists' })),
    ...(scopeSelector?.matchExpressions ?? []),
  ]
  const total: Amounts = new Map()
  const take = (used: Amounts) => {
    for (const [name, amount] of used) if (Object.hasOwn(hard, name)) add(total, name, amount)
  }
  for (const [resource, objects] of contents)
    for (const [i, object] of objects.entries()) {
      if (i % stepSize === stepSize - 1) yield
      if (resource === 'pods') {
        if (required.every((scope) => isInScope(object as Pod, scope))) take(podUsage(object as Pod))
      } else if (required.length > 0) continue
      else if (resource === 'services') take(serviceUsage(object as Service))
      else if (resource === 'persistentvolumeclaims') take(claimUsage(object as PersistentVolumeClaim))
      else
        take(
          new Map([
            [`count/${resource}`, one],
            [resource, one],
          ]),
        )
    }
  return Object.fromEntries(Object.keys(hard).map((name) => [name, formatQuantity(total.get(name) ?? quantityOf(0))]))
}

const usual: readonly Resource[] = [
  pods,
  services,
  persistentvolumeclaims,
  secrets,
  configmaps,
  replicationcontrollers,
  resourcequotas,
] as never
/** Other resources are counted this often. */
const recountMs = 60_000

/** What of `quota`'s namespace it has to do with. */
async function contentsFor(quota: ResourceQuota, { client, informers, signal }: Context): Promise<Contents> {
  const { namespace = '' } = quota.metadata
  const counted = Object.keys(quota.spec?.hard ?? {}).flatMap((n) => (n.startsWith('count/') ? [n.slice('count/'.length)] : []))
  const found = new Map<string, readonly KubeObject[]>()
  for (const resource of usual) found.set(groupResource(resource), informers.of(resource).byIndex('namespace', namespace))
  const others = counted.filter((name) => !found.has(name))
  if (others.length === 0) return found
  for (const { resource, verbs } of await discover(client, signal))
    if (others.includes(groupResource(resource)) && resource.namespaced && verbs.includes('list'))
      found.set(groupResource(resource), (await client.list(resource, { namespace })).items)
  return found
}

const quotasIn = (namespace: string | undefined, informers: Context['informers']): string[] =>
  informers
    .of(resourcequotas)
    .byIndex('namespace', namespace ?? '')
    .map((q) => `${namespace}/${q.metadata.name}`)

export const resourceQuotaController = defineController<ResourceQuota>({
  name: 'resourcequota-controller',
  for: resourcequotas,
  watches: usual
    .filter((r) => r.resource !== 'resourcequotas')
    .map((resource) =>
      watching(
        resource,
        ({ metadata }, informers) => quotasIn(metadata.namespace, informers),
        (now, before) =>
          !now ||
          !before ||
          (resource.resource === 'pods' && isTerminal(now) !== isTerminal(before)) ||
          now.metadata.generation !== before.metadata.generation,
      ),
    ),
  async reconcile(quota, context) {
    const hard = quota.spec?.hard ?? {}
    const used = await inTurns(usedBy(quota, await contentsFor(quota, context)))
    await writeStatus(context.client, resourcequotas, quota, { hard, used })
    return Object.keys(hard).some((n) => n.startsWith('count/')) ? { requeueAfterMs: recountMs } : undefined
  },
})
