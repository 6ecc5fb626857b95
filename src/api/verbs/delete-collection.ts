import { isNotFound } from '../../apimachinery/status.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import type { Stored } from '../watch/stored.ts'
import { deleteObject } from './delete.ts'
import { deleteOptions } from './delete-options.ts'
import { list } from './list.ts'

/** DELETE of a collection: every selected object as by its own DELETE; answers with the list of them. */
export async function removeCollection(call: Call): Promise<Answer> {
  const options = deleteOptions(call)
  const found = await list(call)
  if (found.kind !== 'list') return found
  const items: Stored[] = []
  for (const stored of found.items) {
    const namespace = call.resource.namespaced ? (stored.object.metadata.namespace ?? '') : ''
    const one: Call = { ...call, info: { ...call.info, namespace, name: stored.name } }
    try {
      items.push((await deleteObject(one, stored.name, options)).stored)
    } catch (e) {
      if (!isNotFound(e)) throw e
    }
  }
  const { continue: _, remainingItemCount: __, ...metadata } = found.metadata
  return { kind: 'list', items, metadata }
}
