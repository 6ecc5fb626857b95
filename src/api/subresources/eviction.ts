import { timeText } from '../../apimachinery/clock.ts'
import type { Pod, PodDisruptionBudget } from '../../apimachinery/kinds.generated.ts'
import { isEmptySelector, matchesSelector } from '../../apimachinery/label-selector.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { poddisruptionbudgets } from '../../apimachinery/resources.generated.ts'
import { badRequest, forbidden, type Status, StatusError } from '../../apimachinery/status.ts'
import { readBody } from '../pipeline/body.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { type WriteOptions, writeOptions } from '../pipeline/options.ts'
import { builtInRules } from '../registry/rules.ts'
import { typeOf } from '../schema/types.ts'
import { internalErrorPlain } from '../verbs/create.ts'
import { deleteObject, statusKind } from '../verbs/delete.ts'
import { checkedDeleteOptions, type SentDeleteOptions } from '../verbs/delete-options.ts'
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
  const { object } = await readBody(
    withVersion(request),
    evictionKind,
    builtInRules(() => type),
    options.fieldValidation,
  )
  object.metadata.name ||= info.name
  if (object.metadata.name !== info.name) throw badRequest('name in URL does not match name in Eviction object')
  const sent = (object as { deleteOptions?: SentDeleteOptions }).deleteOptions ?? {}
  const asked = checkedDeleteOptions(options.dryRun ? { ...sent, dryRun: ['All'] } : sent)
  const live = liveObject(call, info.name)
  const admission = admissionRequest(call, {
    operation: 'CREATE',
    subresource: 'eviction',
    name: info.name,
    object,
    old: undefined,
    options: { ...options, dryRun: asked.dryRun },
    kind: 'Eviction',
  })
  await admitMutating(call, admission)
  await admitValidating(call, admission)
  const pod = live.object as Pod & KubeObject
  if (!mayIgnoreBudgets(pod)) await spendBudget(call, pod, { ...options, dryRun: asked.dryRun })
  await deleteObject(call, info.name, asked)
  return { kind: 'object', status: 201, object: success, gvk: statusKind }
}

const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } as Status

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
    throw internalErrorPlain('This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.')
  }
  const [budget] = budgets
  if (!budget || isFreeForUnready(pod, budget)) return
  const resource = call.core.registry.find('policy', 'v1', 'poddisruptionbudgets')
  if (!resource) throw new Error('pod disruption budgets are not served')
  const name = budget.metadata?.name ?? ''
  await updateObject(
    { ...call, resource, info: { ...call.info, name } },
    {
      name,
      subresource: 'status',
      options,
      tries: 20,
      admits: false,
      produce: (now) => spent(now, pod.metadata.name ?? '', call.core.clock.now()),
    },
  )
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
    throw tooManyRequests(
      `The disruption budget ${name} needs ${status.desiredHealthy} healthy pods and has ${status.currentHealthy} currently`,
      0,
    )
  }
  budget.status = {
    ...status,
    disruptionsAllowed: (status.disruptionsAllowed ?? 0) - 1,
    disruptedPods: { ...status.disruptedPods, [pod]: timeText(now) },
  }
  return budget
}

function tooManyRequests(cause: string, retryAfterSeconds: number): StatusError {
  return new StatusError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message: cause }],
    ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
  })
}
