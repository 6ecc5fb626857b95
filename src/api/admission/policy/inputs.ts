import type { KubeObject } from '../../../apimachinery/object.ts'
import { namespaces } from '../../../apimachinery/resources.generated.ts'
import { NAMESPACE, REQUEST, typed } from '../../../crd/cel/admission-types.ts'
import type { Bindings } from '../../../crd/cel/frame.ts'
import { fromJson } from '../../../crd/cel/json-values.ts'
import {
  type AccessQuestion,
  authorizerValue,
  type DecideAccess,
  requestResourceValue,
} from '../../../crd/cel/library/authorizer.ts'
import type { Attributes, Authorize, Decision } from '../../auth/authorizer.ts'
import { serviceAccountGroups, serviceAccountUser } from '../../auth/users.ts'
import type { Objects } from '../../objects.ts'
import type { UserInfo } from '../../request.ts'
import type { AdmissionRequest } from '../admission.ts'
import { writtenObject } from '../written.ts'
import type { Matched } from './matching.ts'

/** A write as AdmissionReview v1 and the variable `request` show it, without objects. */
export function requestJson(request: AdmissionRequest, matched: Matched): Record<string, unknown> {
  const { group, version, resource, subresource, kind, kindVersion, user } = request
  const requestKind = { ...(kindVersion ?? { group, version }), kind }
  const matchedKind = { ...(kindVersion ?? { group: matched.group, version: matched.version }), kind }
  return {
    kind: matchedKind,
    resource: { ...matched },
    ...(subresource ? { subResource: subresource } : {}),
    requestKind,
    requestResource: { group, version, resource },
    ...(subresource ? { requestSubResource: subresource } : {}),
    ...(request.name ? { name: request.name } : {}),
    ...(request.namespace ? { namespace: request.namespace } : {}),
    operation: request.operation,
    userInfo: {
      username: user.name,
      ...(user.uid ? { uid: user.uid } : {}),
      groups: user.groups,
      ...(Object.keys(user.extra ?? {}).length > 0 ? { extra: user.extra } : {}),
    },
    dryRun: request.dryRun,
    options: request.options,
  }
}

interface InputOptions {
  readonly objects: Objects
  readonly authorize: Authorize
  readonly matched: Matched
  /** undefined: the policy has no params, or none was found. */
  readonly param?: KubeObject | undefined
}

/** The variables that an expression about `request` may use. `object` is read when the expression runs. */
export function inputsFor(request: AdmissionRequest, options: InputOptions): Bindings {
  const { objects, authorize, matched, param } = options
  const isNamespace = request.group === '' && request.kind === 'Namespace'
  const namespace = request.namespace && !isNamespace ? objects.get(namespaces, undefined, request.namespace) : undefined
  const decide = decider(request.user, authorize)
  const { group, resource, subresource, namespace: inNamespace = '', name } = request
  return {
    object: shownAs(request.object, request, matched),
    oldObject: shownAs(request.oldObject, request, matched),
    request: typed(requestJson(request, matched), REQUEST),
    namespaceObject: namespace ? typed(namespaceJson(namespace), NAMESPACE) : null,
    params: param ? fromJson(param) : null,
    authorizer: authorizerValue(decide),
    'authorizer.requestResource': requestResourceValue(decide, { group, resource, subresource, namespace: inNamespace, name }),
  }
}

const shownAs = (object: KubeObject | undefined, request: AdmissionRequest, matched: Matched) =>
  object ? fromJson(writtenObject(request, object, matched)) : null

function namespaceJson({ metadata, spec, status }: KubeObject & { spec?: unknown; status?: unknown }): Record<string, unknown> {
  const { managedFields, ownerReferences, uid, ...rest } = metadata
  return { metadata: { ...rest, ...(uid ? { UID: uid } : {}) }, spec: spec ?? {}, status: status ?? {} }
}

function decider(user: UserInfo, authorize: Authorize): DecideAccess {
  return (question) => {
    const decision = authorize(attributesOf(user, question))
    if (decision instanceof Promise)
      return { allowed: false, reason: '', error: 'this authorizer can not be asked by expressions' }
    const { allowed, reason } = decision as Decision
    return { allowed, reason, error: undefined }
  }
}

function attributesOf(requestor: UserInfo, question: AccessQuestion): Attributes {
  const { serviceAccount: account, verb, path, group, resource, subresource, namespace, name } = question
  const user = account
    ? {
        name: serviceAccountUser(account.namespace, account.name),
        groups: [...serviceAccountGroups(account.namespace), 'system:authenticated'],
      }
    : requestor
  if (path !== undefined) return { user, verb, path }
  const { fieldSelector, labelSelector } = question
  return { user, verb, resource: { group, version: '*', resource, subresource, namespace, name, fieldSelector, labelSelector } }
}
