import type { TokenRequest } from '../../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { builtInKind } from '../apply/applied-kind.ts'
import { trackUpdate } from '../apply/field-manager.ts'
import { requestToken } from '../auth/token-request.ts'
import { readBody } from '../pipeline/body.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { writeOptions } from '../pipeline/options.ts'
import { builtInRules } from '../registry/rules.ts'
import { typeOf } from '../schema/types.ts'
import { settleNamespace } from '../verbs/create.ts'
import { managerOf } from '../verbs/managed-fields.ts'
import { admissionRequest, admitMutating, admitValidating } from '../verbs/write.ts'

const tokenRequestKind = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }

/** POST serviceaccounts/NAME/token: a token bound to the account and, if asked, to a pod, secret or node. */
export async function createToken(call: Call): Promise<Answer> {
  const { core, info, request } = call
  const type = typeOf(tokenRequestKind.group, 'v1', 'TokenRequest')
  const { issuer } = core.security
  if (!type || !issuer) throw new Error('this API was made without what issues tokens')
  const options = writeOptions(request.query, 'CreateOptions')
  const rules = builtInRules(() => type)
  const { object, warnings } = await readBody(request, tokenRequestKind, rules, options.fieldValidation)
  for (const w of warnings) call.warnings.add(w)
  const { spec } = object as TokenRequest
  if (spec) spec.expirationSeconds ??= 3600
  call.trail?.asks(rules.canonical(object))
  settleNamespace(object, call.resource, info.namespace)
  const admissionOf = (wanted: TokenRequest) =>
    admissionRequest(call, {
      operation: 'CREATE',
      subresource: 'token',
      name: info.name,
      object: wanted,
      old: undefined,
      options,
      gvk: tokenRequestKind,
    })
  // Before the audiences are filled in: NodeRestriction compares what a node asks for with what the pod says.
  await admitMutating(call, admissionOf(object as TokenRequest))
  const admit = (wanted: TokenRequest) => admitValidating(call, admissionOf(wanted))
  const sent = trackedRequest(object, managerOf(call, options), core.clock.now())
  const answer = await requestToken(sent as TokenRequest, {
    objects: core.objects,
    issuer,
    namespace: info.namespace,
    name: info.name,
    now: core.clock.now(),
    admit,
    dryRun: options.dryRun,
    issued: (id) => call.trail?.annotate('authentication.kubernetes.io/issued-credential-id', id),
  })
  return { kind: 'object', status: 201, object: rules.canonical(answer), gvk: tokenRequestKind }
}

function trackedRequest(object: KubeObject, manager: string, now: number): KubeObject {
  const kind = builtInKind(tokenRequestKind.group, 'v1', 'TokenRequest')
  return trackUpdate(kind, undefined, object as never, {
    manager,
    subresource: 'token',
    now: new Date(now),
  }) as unknown as KubeObject
}
