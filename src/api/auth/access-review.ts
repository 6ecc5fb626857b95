import { type FieldError, invalid, invalidObject, required } from '../../apimachinery/field-error.ts'
import type {
  FieldSelectorAttributes,
  LabelSelectorAttributes,
  LocalSubjectAccessReview,
  PolicyRule,
  ResourceAttributes,
  SelfSubjectAccessReview,
  SelfSubjectReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
  SubjectRulesReviewStatus,
  TokenReview,
} from '../../apimachinery/kinds.generated.ts'
import { isLabelValue } from '../../apimachinery/names.ts'
import { badRequest, type StatusError } from '../../apimachinery/status.ts'
import { inTurns, type Steps } from '../../apimachinery/steps.ts'
import { checkQualifiedName, pushInvalid } from '../kinds/errors.ts'
import type { UserInfo } from '../request.ts'
import { parseFieldSelector } from '../selectors/field.ts'
import { parseLabelSelector } from '../selectors/label.ts'
import type { Authorizer } from './authorize.ts'
import type { Attributes, Authorize } from './authorizer.ts'
import type { ReviewToken } from './bearer-tokens.ts'

const group = 'authorization.k8s.io'
type Review = SubjectAccessReview | LocalSubjectAccessReview

/** POST subjectaccessreviews: the review with its status. Throws StatusError when it is invalid. */
export async function reviewSubjectAccess<T extends Review>(review: T, authorize: Authorize): Promise<T> {
  const errors = [
    ...specErrors(review.spec),
    ...subjectErrors(review.spec),
    ...selectorErrors(review.spec),
    ...metadataErrors(review),
  ]
  if (errors.length > 0) throw refused(errors)
  return { ...review, status: await statusFor(review.spec, authorize) }
}

/** POST namespaces/X/localsubjectaccessreviews. */
export async function reviewLocalSubjectAccess(
  review: LocalSubjectAccessReview,
  namespace: string,
  authorize: Authorize,
): Promise<LocalSubjectAccessReview> {
  const { spec } = review
  const errors = [...specErrors(spec), ...subjectErrors(spec), ...selectorErrors(spec), ...metadataErrors(review, ['namespace'])]
  const asked = spec?.resourceAttributes?.namespace ?? ''
  if (spec?.resourceAttributes && asked !== namespace) {
    errors.push(invalid('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace'))
  }
  if (spec?.nonResourceAttributes) {
    errors.push(invalid('spec.nonResourceAttributes', goPath(spec), 'disallowed on this kind of request'))
  }
  if (errors.length > 0) throw refused(errors)
  return { ...review, status: await statusFor(spec, authorize) }
}

/** POST selfsubjectaccessreviews. */
export async function reviewSelfAccess(
  review: SelfSubjectAccessReview,
  user: UserInfo,
  authorize: Authorize,
): Promise<SelfSubjectAccessReview> {
  const errors = [...specErrors(review.spec), ...selectorErrors(review.spec), ...metadataErrors(review)]
  if (errors.length > 0) throw refused(errors)
  return { ...review, status: await statusFor(review.spec, authorize, user) }
}

/** POST selfsubjectrulesreviews. */
export async function reviewSelfRules(
  review: SelfSubjectRulesReview,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<SelfSubjectRulesReview> {
  const namespace = review.spec?.namespace
  if (!namespace) throw badRequest('no namespace on request')
  const { rules, problems: errors, incomplete } = await inTurns(authorizer.rulesFor(user, namespace))
  const { apiVersion = `${group}/v1`, kind = 'SelfSubjectRulesReview' } = review
  return {
    apiVersion,
    kind,
    metadata: {},
    spec: {},
    status: {
      ...(await inTurns(listedRules(rules))),
      incomplete,
      ...(errors.length > 0 ? { evaluationError: errors.length === 1 ? errors[0] : `[${errors.join(', ')}]` } : {}),
    },
  } as SelfSubjectRulesReview
}

function* listedRules(rules: readonly PolicyRule[]): Steps<Pick<SubjectRulesReviewStatus, 'resourceRules' | 'nonResourceRules'>> {
  const resourceRules: SubjectRulesReviewStatus['resourceRules'] = []
  const nonResourceRules: SubjectRulesReviewStatus['nonResourceRules'] = []
  for (const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } of rules) {
    yield
    if (resources?.length) {
      resourceRules.push({ verbs, ...(apiGroups && { apiGroups }), resources, ...(resourceNames && { resourceNames }) })
    }
    if (nonResourceURLs?.length) nonResourceRules.push({ verbs, nonResourceURLs })
  }
  return { resourceRules, nonResourceRules }
}

/** POST selfsubjectreviews (`kubectl auth whoami`). `now`: RFC 3339 in seconds. */
export function reviewSelf(review: SelfSubjectReview, user: UserInfo, now: string): SelfSubjectReview {
  return { ...review, metadata: { creationTimestamp: now }, status: { userInfo: userJson(user) } } as SelfSubjectReview
}

/** POST tokenreviews. */
export async function reviewTokenObject(review: TokenReview, reviewToken: ReviewToken): Promise<TokenReview> {
  const { token, audiences } = review.spec
  if (!token) throw badRequest('token is required for TokenReview in authentication')
  const answer = await reviewToken(token, audiences)
  if (answer.user) {
    return { ...review, status: { authenticated: true, user: userJson(answer.user), audiences: [...answer.audiences] } }
  }
  const reasons = ['invalid bearer token', ...answer.reasons]
  return { ...review, status: { user: {}, error: reasons.length === 1 ? reasons[0] : `[${reasons.join(', ')}]` } } as TokenReview
}

function userJson({ name, uid, groups, extra }: UserInfo) {
  const entries = Object.entries(extra ?? {}).map(([k, v]): [string, string[]] => [k, [...v]])
  return {
    username: name,
    ...(uid ? { uid } : {}),
    ...(groups.length > 0 ? { groups: [...groups] } : {}),
    ...(entries.length > 0 ? { extra: Object.fromEntries(entries) } : {}),
  }
}

async function statusFor(
  spec: SubjectAccessReviewSpec,
  authorize: Authorize,
  self?: UserInfo,
): Promise<SubjectAccessReviewStatus> {
  const user = self ?? {
    name: spec.user ?? '',
    groups: spec.groups ?? [],
    ...(spec.uid ? { uid: spec.uid } : {}),
    extra: spec.extra ?? {},
  }
  const { allowed, denied, reason, error } = await authorize(attributesOf(spec, user))
  const problems = [error, ignoredSelectors(spec.resourceAttributes)].filter(Boolean).join('; ')
  return {
    allowed,
    ...(denied ? { denied } : {}),
    ...(reason ? { reason } : {}),
    ...(problems ? { evaluationError: problems } : {}),
  }
}

function attributesOf(
  { resourceAttributes: r, nonResourceAttributes: path }: SubjectAccessReviewSpec,
  user: UserInfo,
): Attributes {
  if (!r) return { user, verb: path?.verb ?? '', path: path?.path ?? '' }
  const fieldSelector = understood(r.fieldSelector?.rawSelector, parseFieldSelector) ?? requirementsText(r.fieldSelector)
  const labelSelector = understood(r.labelSelector?.rawSelector, parseLabelSelector) ?? labelsText(r.labelSelector)
  return {
    user,
    verb: r.verb ?? '',
    resource: {
      group: r.group ?? '',
      version: r.version || '*',
      resource: r.resource ?? '',
      subresource: r.subresource ?? '',
      namespace: r.namespace ?? '',
      name: r.name ?? '',
      ...(fieldSelector ? { fieldSelector } : {}),
      ...(labelSelector ? { labelSelector } : {}),
    },
  }
}

/** No request that could be made carries a longer one in its headers, and to read it would hold up others. */
const longestSelector = 128 * 1024

const isUnderstood = (text: string, parse: (text: string) => unknown): boolean => {
  if (text.length > longestSelector) return false
  try {
    parse(text)
    return true
  } catch {
    return false
  }
}

const understood = (text: string | undefined, parse: (text: string) => unknown): string | undefined =>
  text && isUnderstood(text, parse) ? text : undefined

const requirementsText = (selector: FieldSelectorAttributes | undefined): string =>
  (selector?.requirements ?? [])
    .filter((r) => ['In', 'NotIn'].includes(r.operator) && r.values?.length === 1)
    .map((r) => `${r.key}${r.operator === 'In' ? '=' : '!='}${(r.values?.[0] ?? '').replace(/[\\,=]/g, '\\$&')}`)
    .join(',')

/** Keys and values are known to be those of labels. */
const labelsText = (selector: LabelSelectorAttributes | undefined): string =>
  (selector?.requirements ?? [])
    .flatMap(({ key, operator, values = [] }) => {
      if (operator === 'In') return `${key} in (${values.join(',')})`
      if (operator === 'NotIn') return `${key} notin (${values.join(',')})`
      if (operator === 'Exists') return key
      return operator === 'DoesNotExist' ? `!${key}` : []
    })
    .join(',')

/** A selector that can't be understood is left out, which only makes the question broader; the answer says so. */
function ignoredSelectors(r: ResourceAttributes | undefined): string {
  const texts: string[] = []
  const note = (name: string, all: number, bad: number): void => {
    if (bad > 0) texts.push(`spec.resourceAttributes.${name} ${bad < all ? 'partially ignored' : 'ignored'} due to parse error`)
  }
  const fields = r?.fieldSelector
  if (fields?.rawSelector) note('fieldSelector', 1, isUnderstood(fields.rawSelector, parseFieldSelector) ? 0 : 1)
  else {
    const bad = (fields?.requirements ?? []).filter((f) => !['In', 'NotIn'].includes(f.operator) || f.values?.length !== 1)
    note('fieldSelector', fields?.requirements?.length ?? 0, bad.length)
  }
  const labels = r?.labelSelector
  const known = ['In', 'NotIn', 'Exists', 'DoesNotExist']
  if (labels?.rawSelector) note('labelSelector', 1, isUnderstood(labels.rawSelector, parseLabelSelector) ? 0 : 1)
  else
    note(
      'labelSelector',
      labels?.requirements?.length ?? 0,
      (labels?.requirements ?? []).filter((l) => !known.includes(l.operator)).length,
    )
  return texts.join('; ')
}

const goPath = (spec: SubjectAccessReviewSpec) => ({
  Path: spec.nonResourceAttributes?.path ?? '',
  Verb: spec.nonResourceAttributes?.verb ?? '',
})

function specErrors(spec: SubjectAccessReviewSpec | undefined): FieldError[] {
  if (spec?.resourceAttributes && spec.nonResourceAttributes) {
    return [invalid('spec.nonResourceAttributes', goPath(spec), 'cannot be specified in combination with resourceAttributes')]
  }
  if (spec?.resourceAttributes || spec?.nonResourceAttributes) return []
  const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
  return [invalid('spec.resourceAttributes', null, why)]
}

function subjectErrors(spec: SubjectAccessReviewSpec | undefined): FieldError[] {
  if (spec?.user || spec?.groups?.length) return []
  return [invalid('spec.user', '', 'at least one of user or group must be specified')]
}

function selectorErrors(spec: SubjectAccessReviewSpec | undefined): FieldError[] {
  const at = 'spec.resourceAttributes'
  const { fieldSelector, labelSelector } = spec?.resourceAttributes ?? {}
  return [
    ...selectorError(fieldSelector, `${at}.fieldSelector`, keyMissing),
    ...selectorError(labelSelector, `${at}.labelSelector`, labelErrors),
  ]
}

type Requirement = NonNullable<LabelSelectorAttributes['requirements']>[number]

function keyMissing({ key }: Requirement, at: string): FieldError[] {
  return key ? [] : [required(`${at}.key`, 'must be specified')]
}

function labelErrors({ key, values }: Requirement, at: string): FieldError[] {
  const errors: FieldError[] = []
  checkQualifiedName(key ?? '', `${at}.key`, errors)
  for (const [i, value] of (values ?? []).entries()) pushInvalid(errors, `${at}.values[${i}]`, value, isLabelValue(value))
  return errors
}

function selectorError(
  selector: FieldSelectorAttributes | LabelSelectorAttributes | undefined,
  at: string,
  more: (requirement: Requirement, at: string) => FieldError[],
): FieldError[] {
  if (!selector) return []
  const { rawSelector, requirements = [] } = selector
  const errors: FieldError[] = []
  if (rawSelector && requirements.length > 0) {
    errors.push(invalid(`${at}.rawSelector`, rawSelector, 'may not specified at the same time as requirements'))
  }
  if (!rawSelector && requirements.length === 0) {
    errors.push(required(`${at}.requirements`, `when ${at} is specified, requirements or rawSelector is required`))
  }
  for (const [i, r] of requirements.entries()) {
    const values = `${at}.requirements[${i}].values`
    const count = r.values?.length ?? 0
    if (['In', 'NotIn'].includes(r.operator) && count === 0) {
      errors.push(required(values, "must be specified when `operator` is 'In' or 'NotIn'"))
    }
    if (['Exists', 'DoesNotExist'].includes(r.operator) && count > 0) {
      errors.push({
        type: 'FieldValueForbidden',
        field: values,
        message: "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
      })
    }
    errors.push(...more(r, `${at}.requirements[${i}]`))
  }
  return errors
}

/** Reviews are questions, not things: they have no metadata. */
function metadataErrors(review: Review | SelfSubjectAccessReview, except: readonly string[] = []): FieldError[] {
  const isSet = ([key, value]: [string, unknown]): boolean => value != null && key !== 'managedFields' && !except.includes(key)
  if (!Object.entries(review.metadata ?? {}).some(isSet)) return []
  const why = except.length > 0 ? 'must be empty except for namespace' : 'must be empty'
  return [invalid('metadata', review.metadata, why)]
}

/** The real server forgets the kind here (`.authorization.k8s.io "" is invalid`). */
function refused(errors: readonly FieldError[]): StatusError {
  const error = invalidObject({ group, kind: '' }, '', errors)
  const { causes = [] } = error.status.details ?? {}
  error.status.details = { group, causes }
  return error
}
