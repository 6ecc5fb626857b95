import type { Container, LimitRange, PersistentVolumeClaim, Pod } from '../../../apimachinery/kinds.generated.ts'
import { type Quantity, scaledQuantity, signOf } from '../../../apimachinery/quantity.ts'
import { limitranges } from '../../../apimachinery/resources.generated.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { type Amounts, amountsOf, amountText, isMore, nothing, podAmounts } from '../quota/amounts.ts'
import { isResource, isWrite, refuse } from '../refusal.ts'

type LimitItem = NonNullable<LimitRange['spec']>['limits'][number] & { default?: Record<string, string> }

const milli = (amount: Quantity): number => scaledQuantity(amount, -3)

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
  objects.list(limitranges, namespace ?? '')

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
  const tooMuch = [...amountsOf(limit.max)].flatMap(([name, max]) => {
    const request = requests.get(name)
    const text = `maximum ${name} usage per ${limit.type} is ${amountText(max)}`
    if (!request) return [`${text}.  No request is specified`]
    return isMore(request, max) ? [`${text}, but request is ${amountText(request)}`] : []
  })
  return [...tooLittle(limit, requests, nothing), ...tooMuch]
}

function problems(limit: LimitItem, requests: Amounts, limits: Amounts): string[] {
  return [...tooLittle(limit, requests, limits), ...tooMuch(limit, requests, limits), ...tooFarApart(limit, requests, limits)]
}

function tooLittle({ type, min }: LimitItem, requests: Amounts, limits: Amounts): string[] {
  return [...amountsOf(min)].flatMap(([name, least]) => {
    const text = `minimum ${name} usage per ${type} is ${amountText(least)}`
    const [request, limit] = [requests.get(name), limits.get(name)]
    if (!request) return [`${text}.  No request is specified`]
    if (isMore(least, request)) return [`${text}, but request is ${amountText(request)}`]
    return limit && isMore(least, limit) ? [`${text}, but limit is ${amountText(limit)}`] : []
  })
}

function tooMuch({ type, max }: LimitItem, requests: Amounts, limits: Amounts): string[] {
  return [...amountsOf(max)].flatMap(([name, most]) => {
    const text = `maximum ${name} usage per ${type} is ${amountText(most)}`
    const [request, limit] = [requests.get(name), limits.get(name)]
    if (!limit) return [`${text}.  No limit is specified`]
    if (isMore(limit, most)) return [`${text}, but limit is ${amountText(limit)}`]
    return request && isMore(request, most) ? [`${text}, but request is ${amountText(request)}`] : []
  })
}

function tooFarApart({ type, maxLimitRequestRatio }: LimitItem, requests: Amounts, limits: Amounts): string[] {
  return [...amountsOf(maxLimitRequestRatio)].flatMap(([name, most]) => {
    const text = `${name} max limit to request ratio per ${type} is ${amountText(most)}`
    const isSet = (amount: Quantity | undefined): amount is Quantity => amount !== undefined && signOf(amount) !== 0
    const [request, limit] = [requests.get(name), limits.get(name)]
    if (!isSet(request)) return [`${text}, but no request is specified or request is 0`]
    if (!isSet(limit)) return [`${text}, but no limit is specified or limit is 0`]
    const ratio = milli(limit) / milli(request)
    return ratio > milli(most) / 1000 ? [`${text}, but provided ratio is ${ratio.toFixed(6)}`] : []
  })
}
