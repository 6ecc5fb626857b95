import type { KubeObject } from '../../apimachinery/object.ts'
import { apiVersionOf } from '../../apimachinery/resource.ts'
import { badRequest } from '../../apimachinery/status.ts'
import { mediaType, unsupported } from '../negotiation/content.ts'
import { jsonPatch, parseJsonPatch } from '../patch/json-patch.ts'
import { mergePatch } from '../patch/merge-patch.ts'
import { strategicMergePatch } from '../patch/strategic.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { managerOf, writeOptions } from '../pipeline/options.ts'
import { thaw } from '../watch/freeze.ts'
import { textOf } from '../watch/stored.ts'
import { settleNamespace } from './create.ts'
import { tracked } from './managed-fields.ts'
import { dropDuplicateOwners } from './metadata.ts'
import { checkName } from './update.ts'
import { updateObject } from './update-object.ts'

const types = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
} as const

/** PATCH of an object or of a subresource that has the object's own kind. */
export async function patch(call: Call, subresource = ''): Promise<Answer> {
  const { resource, request, info } = call
  const type = types[mediaType(request.headers['content-type']) as keyof typeof types]
  const accepted = Object.keys(types).filter((t) => !(resource.isCustom && t.includes('strategic')))
  if (!type || (resource.isCustom && type === 'strategic')) throw unsupported(accepted)
  const options = writeOptions(request.query, 'PatchOptions', type === 'apply')
  const change = patcher(call, type)
  const manager = managerOf(options, request.headers['user-agent'])
  const stored = await updateObject(call, {
    name: info.name,
    subresource,
    options,
    tries: 5,
    produce: (live) => {
      const { value } = resource.rules.decodePatched(change(thaw(live)))
      const object = { ...value, kind: resource.kind, apiVersion: apiVersionOf(resource) } as unknown as KubeObject
      checkName(object, info.name)
      settleNamespace(object, resource, info.namespace)
      resource.strategy.defaults?.(object)
      dropDuplicateOwners(object)
      return tracked(call, live, object, manager, subresource)
    },
  })
  return { kind: 'stored', status: 200, stored }
}

function patcher(call: Call, type: 'json' | 'merge' | 'strategic' | 'apply'): (live: KubeObject) => unknown {
  const { body } = call.request
  const text = body instanceof Uint8Array ? textOf(body) : JSON.stringify(body)
  if (type === 'json') {
    const { operations } = parseJsonPatch(text, false)
    return (live) => jsonPatch(live, operations)
  }
  const value = parse(text)
  if (type === 'merge') return (live) => mergePatch(live, value)
  const { type: struct } = call.resource.rules
  if (!struct) throw unsupported([])
  return (live) => strategicMergePatch(struct, live as never, value as never)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (e) {
    throw badRequest(`error decoding patch: ${(e as Error).message}`)
  }
}
