import { timeText } from '../../apimachinery/clock.ts'
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  TokenReview,
} from '../../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { inTurns } from '../../apimachinery/steps.ts'
import {
  reviewLocalSubjectAccess,
  reviewSelf,
  reviewSelfAccess,
  reviewSelfRules,
  reviewSubjectAccess,
  reviewTokenObject,
} from '../auth/access-review.ts'
import { readBody } from '../pipeline/body.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { writeOptions } from '../pipeline/options.ts'
import { settleNamespace } from '../verbs/create.ts'
import { managerOf, tracked } from '../verbs/managed-fields.ts'
import { wipeSystemFields } from '../verbs/metadata.ts'
import { admissionRequest, admitMutating, admitValidating } from '../verbs/write.ts'
import { componentStatuses } from './component-statuses.ts'

type Review = (call: Call, object: KubeObject) => KubeObject | Promise<KubeObject>

const reviews: Readonly<Record<string, Review>> = {
  'authorization.k8s.io/subjectaccessreviews': (call, o) =>
    reviewSubjectAccess(o as SubjectAccessReview, call.core.security.authorize) as Promise<KubeObject>,
  'authorization.k8s.io/localsubjectaccessreviews': (call, o) =>
    reviewLocalSubjectAccess(
      o as LocalSubjectAccessReview,
      call.info.namespace,
      call.core.security.authorize,
    ) as Promise<KubeObject>,
  'authorization.k8s.io/selfsubjectaccessreviews': (call, o) =>
    reviewSelfAccess(o as SelfSubjectAccessReview, call.user, call.core.security.authorize) as Promise<KubeObject>,
  'authorization.k8s.io/selfsubjectrulesreviews': (call, o) =>
    reviewSelfRules(o as SelfSubjectRulesReview, call.user, needed(call.core.security.authorizer)) as Promise<KubeObject>,
  'authentication.k8s.io/selfsubjectreviews': (call, o) =>
    reviewSelf(o as SelfSubjectReview, call.user, timeText(call.core.clock.now())) as KubeObject,
  'authentication.k8s.io/tokenreviews': (call, o) =>
    reviewTokenObject(o as TokenReview, needed(call.core.security.reviewToken)) as Promise<KubeObject>,
}

function needed<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('this API was made without what answers reviews')
  return part
}

/** What answers a POST or GET of a resource that is not stored; undefined: nothing does. */
export function unstoredVerb(
  group: string,
  resource: string,
  verb: string,
): ((call: Call) => Answer | Promise<Answer>) | undefined {
  if (group === '' && resource === 'componentstatuses') return (call) => componentStatuses(call)
  const review = reviews[`${group}/${resource}`]
  return review && verb === 'create' ? (call) => answer(call, review) : undefined
}

async function answer(call: Call, review: Review): Promise<Answer> {
  const { resource, request, info } = call
  const options = writeOptions(request.query, 'CreateOptions')
  const { object, warnings } = await readBody(request, resource, resource.rules, options.fieldValidation)
  for (const w of warnings) call.warnings.add(w)
  call.trail?.asks(resource.rules.canonical(object))
  wipeSystemFields(object.metadata)
  settleNamespace(object, resource, info.namespace)
  const sent = tracked(call, undefined, object, managerOf(call, options), '')
  const admission = admissionRequest(call, {
    operation: 'CREATE',
    subresource: '',
    name: sent.metadata?.name ?? '',
    object: sent,
    old: undefined,
    options,
  })
  await admitMutating(call, admission)
  await admitValidating(call, admission)
  const result = await inTurns(resource.rules.canonicalSteps(await review(call, sent)))
  return { kind: 'object', status: 201, object: result, gvk: resource }
}
