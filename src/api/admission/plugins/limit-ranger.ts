import type { Container, LimitRange, PersistentVolumeClaim, Pod } from '../../../apimachinery/kinds.generated.ts'
import { maxMilliValue, type Quantity, quantityOf, scaledInt64 } from '../../../apimachinery/quantity.ts'
import { limitranges } from '../../../apimachinery/resources.generated.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { oldestFirst } from '../oldest-first.ts'
import { type Amounts, amountsOf, amountText, nothing, podAmounts } from '../quota/amounts.ts'
import { isResource, isWrite, refuse } from '../refusal.ts'

type LimitItem = NonNullable<LimitRange['spec']>['limits'][number] & { default?: Record<string, string> }

/** Containers without requests and limits get those of the namespace's LimitRanges, which bound them, pods and claims. */
export const limitRanger = (objects: Objects): AdmissionPlugin => ({
  name: 'LimitRanger',
  mutate: (request) => {
    if (kindOf(request) !== 'pod') return
    for (const range of rangesFor(objects, request)) setDefaults(request.object as Pod, range)
  },
  validate: (request) => {
    const kind = kindOf(request)
    if (!kind) return
    for (const range of rangesFor(objects, request)) {
      const limits = range.spec?.limits ?? []
      const object = request.object as Pod & PersistentVolumeClaim
      const problems = [
        ...new Set(limits.flatMap((limit) => (kind === 'pod' ? podProblems(object, limit) : claimProblems(object, limit)))),
      ]
      if (problems.length > 0) throw refuse(request, problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]`)
    }
  },
})

function kindOf(request: AdmissionRequest): 'pod' | 'claim' | undefined {
  if (!isWrite(request) || request.oldObject?.metadata.deletionTimestamp) return undefined
  if (isResource(request, '', 'pods')) {
    const isResize = request.subresource === 'resize' && request.operation === 'UPDATE'
    return isResize || (request.subresource === '' && request.operation === 'CREATE') ? 'pod' : undefined
  }
  return isResource(request, '', 'persistentvolumeclaims') && request.subresource === '' ? 'claim' : undefined
}

const rangesFor = (objects: Objects, { namespace }: AdmissionRequest): readonly LimitRange[] =>
  oldestFirst(objects.list(limitranges, namespace ?? ''))

function setDefaults(pod: Pod, range: LimitRange): void {
  const ofContainers = (range.spec?.limits ?? []).filter((l) => l.type === 'Container')
  const requests = Object.assign({}, ...ofContainers.map((l) => l.defaultRequest)) as Record<string, string>
  const limits = Object.assign({}, ...ofContainers.map((l: LimitItem) => l.default)) as Record<string, string>
  const notes = [
    ...(pod.spec?.containers ?? []).flatMap((c) => fill(c, 'container', requests, limits)),
    ...(pod.spec?.initContainers ?? []).flatMap((c) => fill(c, 'init container', requests, limits)),
  ]
  if (notes.length === 0) return
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    'kubernetes.io/limit-ranger': `LimitRanger plugin set: ${notes.join('; ')}`,
  }
}

/** Fills in what is not set, and says what it was. */
function fill(container: Container, kind: string, requests: Record<string, string>, limits: Record<string, string>): string[] {
  const missing = (have: Record<string, string> | undefined, all: Record<string, string>) =>
    Object.keys(all)
      .filter((name) => have?.[name] === undefined)
      .sort()
  const newRequests = missing(container.resources?.requests, requests)
  const newLimits = missing(container.resources?.limits, limits)
  if (newRequests.length === 0 && newLimits.length === 0) return []
  container.resources = {
    ...container.resources,
    ...(newRequests.length > 0 ? { requests: { ...requests, ...container.resources?.requests } } : {}),
    ...(newLimits.length > 0 ? { limits: { ...limits, ...container.resources?.limits } } : {}),
  }
  return [
    ...(newRequests.length > 0 ? [`${newRequests.join(', ')} request for ${kind} ${container.name}`] : []),
    ...(newLimits.length > 0 ? [`${newLimits.join(', ')} limit for ${kind} ${container.name}`] : []),
  ]
}

function podProblems({ spec }: Pod, limit: LimitItem): string[] {
  if (!spec) return []
  if (limit.type === 'Pod') return problems(limit, podAmounts(spec, 'requests', false), podAmounts(spec, 'limits', false))
  if (limit.type !== 'Container') return []
  return [...spec.containers, ...(spec.initContainers ?? [])].flatMap((c) =>
    problems(limit, amountsOf(c.resources?.requests), amountsOf(c.resources?.limits)),
  )
}

function claimProblems({ spec }: PersistentVolumeClaim, limit: LimitItem): string[] {
  if (limit.type !== 'PersistentVolumeClaim') return []
  const requests = amountsOf(spec?.resources?.requests)
  const tooMuch = [...amountsOf(limit.max)].flatMap(([name, most]) => {
    const request = requests.get(name)
    const text = `maximum ${name} usage per ${limit.type} is ${amountText(most)}`
    if (!request) return [`${text}.  No request is specified`]
    const [asked, bound] = comparable(request, most)
    return asked > bound ? [`${text}, but request is ${amountText(request)}`] : []
  })
  return [...tooLittle(limit, requests, nothing), ...tooMuch]
}

function problems(limit: LimitItem, requests: Amounts, limits: Amounts): string[] {
  return [...tooLittle(limit, requests, limits), ...tooMuch(limit, requests, limits), ...tooFarApart(limit, requests, limits)]
}

const absent = quantityOf(0)

/** 64 bits each, to compare: thousandths when all of them have room for it, else whole units. */
function comparable<T extends readonly (Quantity | undefined)[]>(...amounts: T): { [I in keyof T]: bigint } {
  const at = (scale: number): bigint[] => amounts.map((amount) => scaledInt64(amount ?? absent, scale))
  const whole = at(0)
  return (whole.every((value) => value <= maxMilliValue) ? at(-3) : whole) as { [I in keyof T]: bigint }
}

function tooLittle({ type, min }: LimitItem, requests: Amounts, limits: Amounts): string[] {
  return [...amountsOf(min)].flatMap(([name, least]) => {
    const text = `minimum ${name} usage per ${type} is ${amountText(least)}`
    const [request, limit] = [requests.get(name), limits.get(name)]
    if (!request) return [`${text}.  No request is specified`]
    const [asked, most, bound] = comparable(request, limit, least)
    if (asked < bound) return [`${text}, but request is ${amountText(request)}`]
    return limit && most < bound ? [`${text}, but limit is ${amountText(limit)}`] : []
  })
}

function tooMuch({ type, max }: LimitItem, requests: Amounts, limits: Amounts): string[] {
  return [...amountsOf(max)].flatMap(([name, most]) => {
    const text = `maximum ${name} usage per ${type} is ${amountText(most)}`
    const [request, limit] = [requests.get(name), limits.get(name)]
    if (!limit) return [`${text}.  No limit is specified`]
    const [asked, upTo, bound] = comparable(request, limit, most)
    if (upTo > bound) return [`${text}, but limit is ${amountText(limit)}`]
    return request && asked > bound ? [`${text}, but request is ${amountText(request)}`] : []
  })
}

function tooFarApart({ type, maxLimitRequestRatio }: LimitItem, requests: Amounts, limits: Amounts): string[] {
  return [...amountsOf(maxLimitRequestRatio)].flatMap(([name, most]) => {
    const text = `${name} max limit to request ratio per ${type} is ${amountText(most)}`
    const [request, limit] = [requests.get(name), limits.get(name)]
    const [asked, upTo] = comparable(request, limit, most)
    if (!request || asked === 0n) return [`${text}, but no request is specified or request is 0`]
    if (!limit || upTo === 0n) return [`${text}, but no limit is specified or limit is 0`]
    const ratio = Number(upTo) / Number(asked)
    const bound = scaledInt64(most, 0)
    const isMore = bound <= maxMilliValue ? ratio * 1000 > Number(scaledInt64(most, -3)) : ratio > Number(bound)
    return isMore ? [`${text}, but provided ratio is ${ratio.toFixed(6)}`] : []
  })
}
