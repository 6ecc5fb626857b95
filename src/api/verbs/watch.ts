import { gone } from '../../apimachinery/status.ts'
import { Compacted } from '../../store/store.ts'
import { notAcceptable } from '../negotiation/accept.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { WatchView } from '../watch/watch-view.ts'
import { storageOf } from './create.ts'
import { collectionPrefix, pendingViews } from './list.ts'
import { listOptions, parseExactRevision } from './list-options.ts'
import { selectionOf } from './selection.ts'

/** When the client names no timeout: between 30 and 60 minutes, so that not all start again together. */
const minTimeoutMs = 30 * 60_000

/** GET with watch=true: a stream of events. */
export async function watch(call: Call): Promise<Answer> {
  const { query } = call.request
  const named = call.info.name && !query.get('fieldSelector') ? `metadata.name=${call.info.name}` : undefined
  const options = listOptions(query, true, named)
  const { matches, namespace, needsViews } = selectionOf(call.resource, options.selectors)
  const asked = parseExactRevision(options.resourceVersion)
  if (call.accept.format === 'yaml') throw notAcceptable(true)
  const initial = options.sendInitialEvents ?? asked === 0
  const since = initial ? undefined : asked === 0 ? call.core.caches.revision : asked
  const prefix = collectionPrefix(call, namespace)
  if (needsViews && since === undefined)
    for (let views = pendingViews(call, prefix); views; views = pendingViews(call, prefix)) await views
  const view = await open(call, {
    prefix,
    cachePrefix: storageOf(call.resource).prefix,
    since,
    matches,
    bookmarks: options.allowWatchBookmarks,
    announcesEnd: options.sendInitialEvents === true && options.allowWatchBookmarks,
  })
  const timeoutMs = options.timeoutSeconds ? options.timeoutSeconds * 1000 : minTimeoutMs * (1 + Math.random())
  return { kind: 'watch', view, timeoutMs }
}

async function open(call: Call, options: Parameters<typeof WatchView.open>[1]): Promise<WatchView> {
  try {
    return await WatchView.open(call.core.caches, options)
  } catch (e) {
    if (e instanceof Compacted) throw gone(`too old resource version: ${e.asked} (${e.compacted})`)
    throw e
  }
}
