import { timeText } from '../../apimachinery/clock.ts'
import { invalid, invalidObject } from '../../apimachinery/field-error.ts'
import type { Pod, PodDisruptionBudget } from '../../apimachinery/kinds.generated.ts'
import { isEmptySelector, matchesSelector } from '../../apimachinery/label-selector.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { poddisruptionbudgets } from '../../apimachinery/resources.generated.ts'
import { badRequest, forbidden, type Status, StatusError, unforeseen } from '../../apimachinery/status.ts'
import { readBody } from '../pipeline/body.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { type WriteOptions, writeOptions } from '../pipeline/options.ts'
import { builtInRules } from '../registry/rules.ts'
import { typeOf } from '../schema/types.ts'
import { settleNamespace } from '../verbs/create.ts'
import { deleteObject, statusKind } from '../verbs/delete.ts'
import { checkedDeleteOptions, type SentDeleteOptions } from '../verbs/delete-options.ts'
import { trackedInTurns } from '../verbs/managed-fields.ts'
import { liveObject, updateObject } from '../verbs/update-object.ts'
import { admissionRequest, admitMutating, admitValidating } from '../verbs/write.ts'
import { thaw } from '../watch/freeze.ts'

const evictionKind = { group: 'policy', version: 'v1', kind: 'Eviction' }
const maxDisrupted = 2000

/** POST pods/NAME/eviction: a DELETE that a PodDisruptionBudget may refuse with 429. */
export async function evict(call: Call): Promise<Answer> {
  const { request, info } = call
  const type = typeOf('policy', 'v1', 'Eviction')
  if (!type) throw new Error('Eviction is not among the types')
  const options = writeOptions(request.query, 'CreateOptions')
  const rules = builtInRules(() => type)
  const { object, warnings } = await readBody(withVersion(request), evictionKind, rules, options.fieldValidation)
  for (const w of warnings) call.warnings.add(w)
  settleNamespace(object, call.resource, info.namespace)
  call.trail?.asks(rules.canonical(object))
  const admission = admissionRequest(call, {
    operation: 'CREATE',
    subresource: 'eviction',
    name: info.name,
    object,
    old: undefined,
    options,
    gvk: evictionKind,
  })
  await admitMutating(call, admission)
  // Only what has been admitted is looked at, as in kube-apiserver.
  if (object.metadata.name !== info.name) throw badRequest('name in URL does not match name in Eviction object')
  const sent = (object as { deleteOptions?: SentDeleteOptions }).deleteOptions ?? {}
  if (sent.ignoreStoreReadErrorWithClusterBreakingPotential) throw unsafeEviction(info.name)
  checkDryRun(options, sent)
  const asked = checkedDeleteOptions(options.dryRun ? { ...sent, dryRun: ['All'] } : sent)
  await admitValidating(call, admission)
  const live = liveObject(call, info.name)
  const pod = live.object as Pod & KubeObject
  if (!mayIgnoreBudgets(pod)) await spendBudget(call, pod, { ...options, dryRun: asked.dryRun })
  const { resourceVersion, ...preconditions } = asked.preconditions ?? {}
  const isAsAsked = [undefined, '', pod.metadata.uid].includes(preconditions.uid) && isVersion(pod, resourceVersion)
  if (asked.dryRun || !isAsAsked) await deleteObject(call, info.name, asked, 'admitted')
  else {
    await tellPod(call, info.name)
    // Which has given it another version.
    await deleteObject(call, info.name, { ...asked, preconditions }, 'admitted')
  }
  return { kind: 'object', status: 201, object: success, gvk: statusKind }
}

const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } as Status

/** Both places may ask for a dry run, but not for different ones. Throws 500. */
function unsafeEviction(name: string): StatusError {
  const at = 'deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential'
  const why = 'can not be set for pod eviction, try after removing the option'
  return invalidObject({ group: 'policy', kind: 'Eviction' }, name, [invalid(at, true, why)])
}

function checkDryRun({ dryRun }: WriteOptions, sent: SentDeleteOptions): void {
  const inContent = sent.dryRun ?? []
  if (!dryRun || inContent.length === 0 || (inContent.length === 1 && inContent[0] === 'All')) return
  throw unforeseen(`Non-matching dry-run options in request and content: [All] and [${inContent.join(' ')}]`)
}

const isVersion = ({ metadata }: KubeObject, asked: string | undefined): boolean => !asked || asked === metadata.resourceVersion

/** What is evicted says why it goes. */
async function tellPod(call: Call, name: string): Promise<void> {
  const options = { dryRun: false } as WriteOptions
  const produce = (live: KubeObject) => evicting(live, call.core.clock.now())
  await updateObject(call, { name, subresource: 'status', options, tries: 5, admits: false, produce })
}

function evicting(live: KubeObject, now: number): KubeObject {
  const pod = thaw(live) as Pod & KubeObject
  const conditions = pod.status?.conditions ?? []
  const before = conditions.find((c) => c.type === 'DisruptionTarget')
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    lastTransitionTime: before?.status === 'True' ? before.lastTransitionTime : timeText(now),
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  } as NonNullable<typeof before>
  const next = before ? conditions.map((c) => (c === before ? condition : c)) : [...conditions, condition]
  pod.status = { ...pod.status, conditions: next }
  return pod
}

/** policy/v1beta1 evictions are the same. */
function withVersion(request: Call['request']): Call['request'] {
  const { body } = request
  if (!(body instanceof Uint8Array)) return request
  const text = Buffer.from(body).toString('utf8')
  return { ...request, body: Buffer.from(text.replace('"policy/v1beta1"', '"policy/v1"')) }
}

/** Pods that are over, going or not yet running disrupt nothing. */
function mayIgnoreBudgets({ metadata, status }: Pod & KubeObject): boolean {
  const phase = status?.phase
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || metadata.deletionTimestamp !== undefined
}

async function spendBudget(call: Call, pod: Pod & KubeObject, options: WriteOptions): Promise<void> {
  const all = call.core.objects.list(poddisruptionbudgets, call.info.namespace)
  const budgets = all.filter(({ spec }) => {
    const selector = spec?.selector
    return selector && (isEmptySelector(selector) || matchesSelector(selector, pod.metadata.labels))
  })
  if (budgets.length > 1) {
    throw unforeseen('This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.')
  }
  const [budget] = budgets
  if (!budget || isFreeForUnready(pod, budget)) return
  const resource = call.core.registry.find('policy', 'v1', 'poddisruptionbudgets')
  if (!resource) throw new Error('pod disruption budgets are not served')
  const name = budget.metadata?.name ?? ''
  const budgetCall = { ...call, resource, info: { ...call.info, name } }
  await updateObject(budgetCall, {
    name,
    subresource: 'status',
    options,
    tries: 20,
    admits: false,
    // It is written through a client of the server's own.
    produce: (now) =>
      trackedInTurns(budgetCall, now, spent(now, pod.metadata.name ?? '', call.core.clock.now()), 'kube-apiserver', 'status'),
  })
}

/** A pod that is not ready counts for nothing, unless its budget is already short (IfHealthyBudget). */
function isFreeForUnready(pod: Pod, { spec, status }: PodDisruptionBudget): boolean {
  const isReady = (pod.status?.conditions ?? []).some((c) => c.type === 'Ready' && c.status === 'True')
  if (isReady) return false
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
  return currentHealthy >= desiredHealthy && desiredHealthy > 0
}

function spent(live: KubeObject, pod: string, now: number): KubeObject {
  const budget = thaw(live) as PodDisruptionBudget & KubeObject
  const name = budget.metadata.name ?? ''
  const refuse = (why: string) => forbidden({ group: 'policy', resource: 'poddisruptionbudget' }, name, why)
  const status = budget.status ?? { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }
  if ((status.observedGeneration ?? 0) < (budget.metadata.generation ?? 0)) {
    throw tooManyRequests(`The disruption budget ${name} is still being processed by the server.`, 10)
  }
  if ((status.disruptionsAllowed ?? 0) < 0) throw refuse('pdb disruptions allowed is negative')
  if (Object.keys(status.disruptedPods ?? {}).length > maxDisrupted) {
    throw refuse('DisruptedPods map too big - too many evictions not confirmed by PDB controller')
  }
  if ((status.disruptionsAllowed ?? 0) === 0) {
    throw tooManyRequests(`The disruption budget ${name} ${denial(status)}`, 0)
  }
  const left = (status.disruptionsAllowed ?? 0) - 1
  budget.status = {
    ...(left === 0 ? withoutDisruptions(status, now) : status),
    disruptionsAllowed: left,
    disruptedPods: { ...status.disruptedPods, [pod]: timeText(now) },
  }
  return budget
}

type BudgetStatus = NonNullable<PodDisruptionBudget['status']>

const allowedCondition = ({ conditions = [] }: BudgetStatus) => conditions.find((c) => c.type === 'DisruptionAllowed')

/** Why no pod may go. The numbers mean nothing when the controller could not count. */
function denial(status: BudgetStatus): string {
  const condition = allowedCondition(status)
  const told = condition?.status === 'False' && condition.message ? condition : undefined
  if (told?.reason === 'SyncFailed') {
    return `does not allow evicting pods currently because it failed sync: ${told.message}`
  }
  const { currentHealthy = 0, desiredHealthy = 0 } = status
  if (currentHealthy <= desiredHealthy) {
    return `needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`
  }
  return `does not allow evicting pods currently${told ? ` (${told.reason}): ${told.message}` : ''}`
}

function withoutDisruptions(status: BudgetStatus, now: number): BudgetStatus {
  const before = allowedCondition(status)
  const condition = {
    type: 'DisruptionAllowed',
    status: 'False',
    ...(status.observedGeneration ? { observedGeneration: status.observedGeneration } : {}),
    lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : timeText(now),
    reason: 'InsufficientPods',
    message: '',
  } as NonNullable<typeof before>
  const conditions = status.conditions ?? []
  return { ...status, conditions: before ? conditions.map((c) => (c === before ? condition : c)) : [...conditions, condition] }
}

function tooManyRequests(cause: string, retryAfterSeconds: number): StatusError {
  return new StatusError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message: cause }],
    ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
  })
}
