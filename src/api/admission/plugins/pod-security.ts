import { invalidObject } from '../../../apimachinery/field-error.ts'
import type { Namespace, ObjectMeta, Pod, PodSpec } from '../../../apimachinery/kinds.generated.ts'
import { controllerOf, type KubeObject } from '../../../apimachinery/object.ts'
import { namespaces, pods } from '../../../apimachinery/resources.generated.ts'
import { forbidden } from '../../../apimachinery/status.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { violations, violationText } from '../pod-security/checks.ts'
import { isSameLevel, type LevelVersion, levelText, type Policy, policyOf, strictness } from '../pod-security/policy.ts'
import { isWrite } from '../refusal.ts'

type Template = { readonly metadata?: ObjectMeta; readonly spec?: PodSpec } | undefined
type WithTemplate = { spec?: { template?: Template; jobTemplate?: { spec?: { template?: Template } } }; template?: Template }

/** Where kinds that make pods keep what the pods will be. */
const templateOf: Readonly<Record<string, (object: WithTemplate) => Template>> = {
  'podtemplates.': (o) => o.template,
  'replicationcontrollers.': (o) => o.spec?.template,
  'replicasets.apps': (o) => o.spec?.template,
  'deployments.apps': (o) => o.spec?.template,
  'daemonsets.apps': (o) => o.spec?.template,
  'statefulsets.apps': (o) => o.spec?.template,
  'jobs.batch': (o) => o.spec?.template,
  'cronjobs.batch': (o) => o.spec?.jobTemplate?.spec?.template,
}

const ignoredSubresources = new Set(['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status'])
const mostPodsChecked = 3000

/** Pods must keep to the level that the labels of their namespace enforce; what would break the warn level is said. */
export const podSecurity = (objects: Objects): AdmissionPlugin => ({
  name: 'PodSecurity',
  validate: (request) => {
    if (!isWrite(request)) return
    const key = `${request.resource}.${request.group}`
    if (key === 'pods.') judgePod(objects, request)
    else if (key === 'namespaces.' && request.subresource === '') judgeNamespace(objects, request)
    else if (request.subresource === '') judgeTemplate(objects, request, templateOf[key]?.(request.object as WithTemplate))
  },
})

function judgePod(objects: Objects, request: AdmissionRequest): void {
  if (ignoredSubresources.has(request.subresource)) return
  const policy = policyIn(objects, request.namespace)
  const pod = request.object as Pod
  if (!pod.spec || (request.operation === 'UPDATE' && !changesImages(pod, request.oldObject as Pod))) return
  request.annotate?.('pod-security.kubernetes.io/enforce-policy', levelText(policy.enforce))
  const broken = violations(policy.enforce, pod.metadata, pod.spec)
  if (request.annotate) noteViolations(request, policy.audit, pod.metadata, pod.spec)
  if (broken.length > 0) {
    throw forbidden(request, request.name, `violates PodSecurity "${levelText(policy.enforce)}": ${violationText(broken)}`)
  }
  warn(request, policy.warn, pod.metadata, pod.spec)
}

function judgeTemplate(objects: Objects, request: AdmissionRequest, template: Template): void {
  if (!template?.spec) return
  const policy = policyIn(objects, request.namespace)
  if (request.annotate) noteViolations(request, policy.audit, template.metadata ?? {}, template.spec)
  warn(request, policy.warn, template.metadata ?? {}, template.spec)
}

const wouldViolate = (level: LevelVersion, broken: ReturnType<typeof violations>): string =>
  `would violate PodSecurity "${levelText(level)}": ${violationText(broken)}`

function noteViolations(request: AdmissionRequest, level: LevelVersion, metadata: ObjectMeta, spec: PodSpec): void {
  const broken = violations(level, metadata, spec)
  if (broken.length > 0) request.annotate?.('pod-security.kubernetes.io/audit-violations', wouldViolate(level, broken))
}

function warn(request: AdmissionRequest, level: LevelVersion, metadata: ObjectMeta, spec: PodSpec): void {
  const broken = violations(level, metadata, spec)
  if (broken.length > 0) request.warn(wouldViolate(level, broken))
}

const policies = new WeakMap<Namespace, Policy>()

/** What the labels of a stored namespace ask, read once for each of its versions. */
function policyIn(objects: Objects, name = ''): Policy {
  const namespace = objects.get(namespaces, undefined, name)
  if (!namespace) return policyOf().policy
  let policy = policies.get(namespace)
  if (!policy) {
    policy = policyOf(namespace.metadata.labels).policy
    policies.set(namespace, policy)
  }
  return policy
}

/** Only a new container or a new image of one can change what an admitted pod may do. */
function changesImages({ spec }: Pod, { spec: old }: Pod): boolean {
  const images = (list: readonly { name: string; image?: string }[] = []) => list.map((c) => c.image ?? '').join('\n')
  const ephemeral = new Map(old?.ephemeralContainers?.map((c) => [c.name, c.image]))
  return (
    images(spec?.containers) !== images(old?.containers) ||
    images(spec?.initContainers) !== images(old?.initContainers) ||
    (spec?.ephemeralContainers ?? []).some((c) => !ephemeral.has(c.name) || ephemeral.get(c.name) !== c.image)
  )
}

function judgeNamespace(objects: Objects, request: AdmissionRequest): void {
  const name = request.object?.metadata.name ?? ''
  const next = policyOf((request.object as Namespace).metadata.labels)
  const before = request.operation === 'UPDATE' ? policyOf(request.oldObject?.metadata.labels) : undefined
  if (next.errors.length > 0 && JSON.stringify(next.errors) !== JSON.stringify(before?.errors)) {
    throw invalidObject({ group: '', kind: 'Namespace' }, request.name, next.errors)
  }
  const [enforce, old] = [next.policy.enforce, before?.policy.enforce]
  if (!old || isSameLevel(enforce, old) || enforce.level === 'privileged') return
  if (enforce.minor === old.minor && strictness(enforce.level) <= strictness(old.level)) return
  for (const warning of warningsFor(objects.list(pods, name), name, enforce)) request.warn(warning)
}

/** Which pods that run already break a new level: one line a way of breaking it. */
function warningsFor(list: readonly Pod[], namespace: string, level: LevelVersion): string[] {
  const checked = onePerController(list).slice(0, mostPodsChecked)
  const byReason = new Map<string, string[]>()
  for (const pod of checked) {
    const reasons = pod.spec ? violations(level, pod.metadata, pod.spec).map((v) => v.reason) : []
    if (reasons.length > 0)
      byReason.set(reasons.join(', '), [...(byReason.get(reasons.join(', ')) ?? []), pod.metadata.name ?? ''])
  }
  const others = (count: number): string => (count === 0 ? '' : ` (and ${count} other pod${count === 1 ? '' : 's'})`)
  const lines = [...byReason].map(([reason, names]) => `${names.sort()[0]}${others(names.length - 1)}: ${reason}`).sort()
  return [
    ...(checked.length < list.length
      ? [`new PodSecurity enforce level only checked against the first ${checked.length} of ${list.length} existing pods`]
      : []),
    ...(lines.length > 0
      ? [`existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${levelText(level)}"`]
      : []),
    ...lines,
  ]
}

/** One pod of each controller first: its siblings most likely break the same. */
function onePerController(list: readonly KubeObject[]): Pod[] {
  const seen = new Set<string>()
  const first: KubeObject[] = []
  const rest: KubeObject[] = []
  for (const pod of list) {
    const owner = controllerOf(pod)?.uid
    const isSibling = owner !== undefined && seen.has(owner)
    if (owner !== undefined) seen.add(owner)
    ;(isSibling ? rest : first).push(pod)
  }
  return [...first, ...rest] as Pod[]
}
