import type { ResourceQuota } from '../../../apimachinery/kinds.generated.ts'
import { signOf } from '../../../apimachinery/quantity.ts'
import type { StatusError } from '../../../apimachinery/status.ts'
import type { AdmissionRequest } from '../admission.ts'
import { refuse } from '../refusal.ts'
import { type Amounts, add, amountsOf, count, isMore, less, listText, only, textsOf, withoutZeros } from './amounts.ts'
import { isUnder, type Meter } from './usage.ts'

/** The quotas whose use rises by this write, with the use that follows; or why the write is refused. Pure. */
export function charge(request: AdmissionRequest, quotas: readonly ResourceQuota[], meter: Meter): ResourceQuota[] | StatusError {
  const { object, oldObject } = request
  if (!object) return []
  const under = quotas.filter((quota) => isUnder(quota, object, meter))
  for (const quota of under) {
    const problem = notReady(request, quota, meter)
    if (problem) return problem
  }
  const usage = meter.usage(object)
  const negative = [...usage].filter(([, amount]) => signOf(amount) < 0).map(([name]) => name)
  if (negative.length > 0) return refuse(request, `quota usage is negative for resource(s): ${negative.sort().join(',')}`)
  const charged: ResourceQuota[] = []
  for (const quota of under) {
    const isChange =
      request.operation === 'UPDATE' && oldObject?.metadata.resourceVersion !== undefined && isUnder(quota, oldObject, meter)
    const delta = withoutZeros(isChange ? less(usage, meter.usage(oldObject)) : usage)
    const outcome = delta.size > 0 ? chargeOne(request, quota, delta) : undefined
    if (outcome instanceof Error) return outcome
    if (outcome) charged.push(outcome)
  }
  return charged
}

function notReady(request: AdmissionRequest, { metadata, status }: ResourceQuota, meter: Meter): StatusError | undefined {
  const names = Object.keys(status?.hard ?? {}).filter(meter.measures)
  const missing = request.object && meter.missing(request.object, names)
  if (missing) return refuse(request, `failed quota: ${metadata.name}: ${missing}`)
  if (names.every((name) => status?.used?.[name] !== undefined)) return undefined
  return refuse(request, `status unknown for quota: ${metadata.name}, resources: ${names.sort().join(',')}`)
}

function chargeOne(request: AdmissionRequest, quota: ResourceQuota, delta: Amounts): ResourceQuota | StatusError | undefined {
  const hard = amountsOf(quota.status?.hard)
  const used = amountsOf(quota.status?.used)
  const requested = only(delta, new Set(hard.keys()))
  if (requested.size === 0) return undefined
  const next = add(used, requested)
  const exceeded = new Set([...requested.keys()].filter((name) => isMore(next.get(name) ?? count(0), hard.get(name) ?? count(0))))
  if (exceeded.size === 0) return { ...quota, status: { ...quota.status, used: { ...quota.status?.used, ...textsOf(next) } } }
  const [asked, has, may] = [requested, used, hard].map((amounts) => listText(only(amounts, exceeded)))
  return refuse(request, `exceeded quota: ${quota.metadata.name}, requested: ${asked}, used: ${has}, limited: ${may}`)
}
