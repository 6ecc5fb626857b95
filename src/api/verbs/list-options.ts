import { type FieldError, forbiddenField, invalid, invalidObject, notSupported } from '../../apimachinery/field-error.ts'
import { quote } from '../../apimachinery/go-quote.ts'
import { int64 } from '../../apimachinery/json.ts'
import { badRequest, unforeseen } from '../../apimachinery/status.ts'
import { isTrue } from '../pipeline/request-info.ts'
import { readSelectors, type Selectors } from './selection.ts'

export interface ListOptions {
  readonly selectors: Selectors
  readonly limit: number
  readonly continue: string
  /** As sent: '' and '0' differ. */
  readonly resourceVersion: string
  readonly resourceVersionMatch: '' | 'Exact' | 'NotOlderThan'
  readonly timeoutSeconds: number | undefined
  readonly allowWatchBookmarks: boolean
  readonly sendInitialEvents: boolean | undefined
}

/** metav1.ListOptions of a query. Throws, in this order, 400 for what is no number, 400 for what is no selector, and 422 for combinations
 *  that make no sense. `fieldSelector`: in place of the query's. */
export function listOptions(
  query: URLSearchParams,
  isWatch: boolean,
  fieldSelector = query.get('fieldSelector') ?? '',
): ListOptions {
  const timeout = query.get('timeoutSeconds')
  const timeoutSeconds = timeout === null ? undefined : integerOf(timeout)
  const sent: ListOptions = {
    limit: integerOf(query.get('limit')),
    continue: query.get('continue') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: (query.get('resourceVersionMatch') ?? '') as ListOptions['resourceVersionMatch'],
    timeoutSeconds,
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: flag(query.get('sendInitialEvents')),
    selectors: readSelectors(query.get('labelSelector') ?? '', fieldSelector),
  }
  const options = isWatch ? watchDefaults(sent) : sent
  const errors = isWatch ? watchErrors(options) : listErrors(options)
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors)
  return options
}

const flag = (text: string | null): boolean | undefined => (text === null ? undefined : isTrue(text))

/** A watch from no version in particular begins with what there is, and tells where that ends if bookmarks are asked for. */
function watchDefaults(o: ListOptions): ListOptions {
  if (o.sendInitialEvents !== undefined || o.resourceVersionMatch || (o.resourceVersion && o.resourceVersion !== '0')) return o
  return { ...o, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }
}

/** An integer of a query; 0 when it is not there. Throws 400. */
export function integerOf(text: string | null): number {
  if (text === null) return 0
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${quote(text)}: invalid syntax`)
  const value = int64(BigInt(text.replace('+', '')))
  if (value === undefined) throw badRequest(`strconv.ParseInt: parsing ${quote(text)}: value out of range`)
  return Number(value)
}

const matchField = 'resourceVersionMatch'

function watchErrors(o: ListOptions): FieldError[] {
  const errors: FieldError[] = []
  const match = o.resourceVersionMatch
  if (o.sendInitialEvents !== undefined && match !== 'NotOlderThan')
    errors.push(forbiddenField(matchField, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'))
  if (!match) return errors
  if (o.sendInitialEvents === undefined)
    errors.push(forbiddenField(matchField, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'))
  if (match !== 'NotOlderThan') errors.push(notSupported(matchField, match, ['NotOlderThan']))
  if (o.continue) errors.push(forbiddenField(matchField, 'resourceVersionMatch is forbidden when continue is provided'))
  return errors
}

function listErrors(o: ListOptions): FieldError[] {
  const errors: FieldError[] = []
  const match = o.resourceVersionMatch
  if (match) {
    if (o.resourceVersion === '')
      errors.push(forbiddenField(matchField, 'resourceVersionMatch is forbidden unless resourceVersion is provided'))
    if (o.continue) errors.push(forbiddenField(matchField, 'resourceVersionMatch is forbidden when continue is provided'))
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push(notSupported(matchField, match, ['Exact', 'NotOlderThan', '']))
    }
    if (match === 'Exact' && o.resourceVersion === '0') {
      errors.push(forbiddenField(matchField, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    }
  }
  if (o.sendInitialEvents !== undefined)
    errors.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  return errors
}

/** Why Go reads no uint64 of it. */
function versionProblem(text: string): string | undefined {
  const why = !/^\d+$/.test(text) ? 'invalid syntax' : BigInt(text) >= 2n ** 64n ? 'value out of range' : undefined
  return why && `strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`
}

/** As `parseRevision`, for a GET: kube-apiserver has no status for a bad one there. */
export function parseExactRevision(text: string): number {
  if (text === '') return 0
  const problem = versionProblem(text)
  if (problem === undefined) return Number(text)
  const { message } = invalid('resourceVersion', text, problem)
  throw unforeseen(`resourceVersion: ${message}`)
}

/** A resourceVersion as a number; 0 for none. Throws what kube-apiserver answers to others. */
export function parseRevision(text: string): number {
  if (text === '' || text === '0') return 0
  const problem = versionProblem(text)
  if (problem !== undefined) {
    throw badRequest(`invalid resource version: resourceVersion: ${invalid('resourceVersion', text, problem).message}`)
  }
  return Number(text)
}
