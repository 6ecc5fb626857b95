import { gone, StatusError } from '../../apimachinery/status.ts'
import { Compacted } from '../../store/store.ts'
import { notAcceptable } from '../negotiation/accept.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { WatchView } from '../watch/watch-view.ts'
import { storageOf } from './create.ts'
import { collectionPrefix, pendingViews } from './list.ts'
import { listOptions, parseExactRevision } from './list-options.ts'
import { mayShow } from './revision-to-come.ts'
import { selectionOf } from './selection.ts'
import { checkListable, checkShowable } from './unreadable.ts'

/** When the client names no timeout: between 30 and 60 minutes, so that not all start again together. */
const minTimeoutMs = 30 * 60_000

/** GET with watch=true: a stream of events, of one when it cannot begin where it was asked to. */
export async function watch(call: Call): Promise<Answer> {
  const { query } = call.request
  const named = call.info.name && !query.get('fieldSelector') ? `metadata.name=${call.info.name}` : undefined
  const options = listOptions(query, true, named)
  const { matches, namespace, needsViews } = selectionOf(call.resource, options.selectors)
  const asked = parseExactRevision(options.resourceVersion)
  if (call.accept.format === 'yaml') throw notAcceptable(true)
  const initial = options.sendInitialEvents ?? asked === 0
  checkListable(call.core.caches.of(storageOf(call.resource).prefix), call.resource)
  const began = performance.now()
  if (initial) {
    try {
      await mayShow(call, asked, options.resourceVersion, { uncached: 3 })
    } catch (error) {
      if (error instanceof StatusError) return refused(error)
      throw error
    }
  }
  const views = checkShowable(call)
  if (views) await views
  const since = initial ? undefined : asked === 0 ? call.core.caches.revision : asked
  const prefix = collectionPrefix(call, namespace)
  if (needsViews && since === undefined)
    for (let views = pendingViews(call, prefix); views; views = pendingViews(call, prefix)) await views
  const askedMs = options.timeoutSeconds ? options.timeoutSeconds * 1000 : minTimeoutMs * (1 + Math.random())
  // The wait for a revision is part of its time.
  const timeoutMs = Math.max(0, askedMs - (performance.now() - began))
  try {
    const view = await WatchView.open(call.core.caches, {
      prefix,
      cachePrefix: storageOf(call.resource).prefix,
      since,
      matches,
      bookmarks: options.allowWatchBookmarks,
      announcesEnd: options.sendInitialEvents === true && options.allowWatchBookmarks,
    })
    return { kind: 'watch', view, timeoutMs }
  } catch (e) {
    if (e instanceof Compacted) return refused(gone(`too old resource version: ${e.asked} (${e.compacted})`))
    throw e
  }
}

const refused = (error: StatusError): Answer => ({ kind: 'refused-watch', error })
