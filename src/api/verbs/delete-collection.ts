import { isNotFound } from '../../apimachinery/status.ts'
import { pauses } from '../../apimachinery/steps.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { deleteObject, warnOfChildren } from './delete.ts'
import { deleteOptions } from './delete-options.ts'
import { list } from './list.ts'
import { listOptions } from './list-options.ts'
import { selectionOf } from './selection.ts'
import { viewAll } from './view.ts'

/** DELETE of a collection: every selected object as by its own DELETE; answers with the list of them as they were. */
export async function removeCollection(call: Call): Promise<Answer> {
  // What is selected is read before what is to be done with it.
  const { selectors, limit } = listOptions(call.request.query, false)
  selectionOf(call.resource, selectors)
  const options = await deleteOptions(call)
  const found = await list(call, false)
  if (found.kind !== 'list') return found
  // What cannot be shown keeps all from being deleted.
  await viewAll(call.resource, found.items)
  if (found.items.length > 0) warnOfChildren(call, options)
  const pause = pauses()
  for (const stored of found.items) {
    await pause()
    const namespace = call.resource.namespaced ? (stored.object.metadata.namespace ?? '') : ''
    const one: Call = { ...call, info: { ...call.info, namespace, name: stored.name } }
    try {
      await deleteObject(one, stored.name, options, 'collection')
    } catch (e) {
      if (!isNotFound(e)) throw e
    }
  }
  if (limit > 0) return found
  const { continue: _, remainingItemCount: __, ...metadata } = found.metadata
  return { ...found, metadata }
}
