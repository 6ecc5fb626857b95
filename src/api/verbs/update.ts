import type { KubeObject } from '../../apimachinery/object.ts'
import { badRequest, notFound } from '../../apimachinery/status.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { readBody } from '../pipeline/body.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { writeOptions } from '../pipeline/options.ts'
import { breath, paced } from '../pipeline/readable.ts'
import { keyIn, type ServedResource } from '../registry/served.ts'
import { hasEmpties, markEmpties } from '../schema/decode.ts'
import { hasFloats, markFloats } from '../schema/whole-floats.ts'
import { thawSteps } from '../watch/freeze.ts'
import { createObject, settleNamespace, storageOf } from './create.ts'
import { asAsked, defaulted } from './defaulted.ts'
import { checkPlace } from './key-shown.ts'
import { managerOf, trackedInTurns } from './managed-fields.ts'
import { settleOwners } from './metadata.ts'
import { checkStoredName, updateObject } from './update-object.ts'

/** PUT of a whole object, or of one of its subresources that has the object's own kind (status, finalize, approval …). */
export async function update(call: Call, subresource = ''): Promise<Answer> {
  const { resource, info, request, warnings } = call
  const options = writeOptions(request.query, 'UpdateOptions')
  const body = await readBody(request, resource, resource.rules, options.fieldValidation)
  for (const w of body.warnings) warnings.add(w)
  await breath(call.bulk)
  if (call.trail) call.trail.asks(await paced(call.bulk, asAsked(call, body.object)))
  settleNamespace(body.object, resource, info.namespace)
  checkName(body.object, info.name)
  checkStoredName(info.name)
  const object = await paced(call.bulk, defaulted(call, body.object))
  settleOwners(call, object, false)
  const manager = managerOf(call, options)
  if (mayCreate(resource, subresource) && resource.strategy.allowCreateOnUpdate && !exists(call)) {
    if (object.metadata.resourceVersion && object.metadata.resourceVersion !== '0') throw notFound(resource, info.name)
    return { kind: 'stored', status: 201, stored: await createObject(call, object, options, { subresource }) }
  }
  const tries = object.metadata.resourceVersion ? 1 : 5
  const stored = await updateObject(call, {
    name: info.name,
    subresource,
    options,
    tries,
    checksUid: true,
    ...(body.mistyped ? { mistyped: body.mistyped } : {}),
    produce: async (live) => {
      const next = tries === 1 ? object : await paced(call.bulk, copyOf(object))
      return trackedInTurns(call, live, next, manager, subresource)
    },
  })
  return { kind: 'stored', status: 200, stored }
}

/** Whether a write through this endpoint may create what is not there. */
export const mayCreate = ({ strategy }: ServedResource, subresource: string): boolean =>
  subresource === '' || (subresource === 'status' && strategy.createsByStatus === true)

/** Another try needs what was sent, not what the last one made of it. */
function* copyOf(object: KubeObject): Steps<KubeObject> {
  const copy = yield* thawSteps(object)
  if (hasEmpties(object)) markEmpties(copy)
  if (hasFloats(object)) markFloats(copy)
  return copy
}

/** The name in the body is that of the URL. */
export function checkName(object: KubeObject, name: string): void {
  if (!object.metadata.name) {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)
  }
  if (object.metadata.name !== name) {
    throw badRequest(`the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`)
  }
}

function exists(call: Call): boolean {
  checkPlace(call, call.info.name)
  const storage = storageOf(call.resource)
  return call.core.caches.of(storage.prefix).get(keyIn(storage, call.info.namespace, call.info.name)) !== undefined
}
