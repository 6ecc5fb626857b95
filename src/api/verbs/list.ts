import { setImmediate as nextTurn } from 'node:timers/promises'
import { badRequest, StatusError } from '../../apimachinery/status.ts'
import { Compacted, FutureRevision, type RangeOptions } from '../../store/store.ts'
import { revisionAsked } from '../history/at.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { Stored } from '../watch/stored.ts'
import { continueToken, readContinueToken } from './continue-token.ts'
import { storageOf } from './create.ts'
import { checkPlace } from './key-shown.ts'
import { type ListOptions, listOptions, parseRevision } from './list-options.ts'
import { mayShow, tooLargeVersion } from './revision-to-come.ts'
import { type Matches, type Selection, selectionOf } from './selection.ts'
import { checkListable, checkShowable } from './unreadable.ts'
import { prepareViews } from './view.ts'

/**
 * GET of a collection: from memory when the newest state is asked for, from the store for an exact earlier revision. `isFromCache` false: not as
 * kube-apiserver's cache answers, which shows nothing of a kind while one of it cannot be converted.
 */
export async function list(call: Call, isFromCache = true): Promise<Answer> {
  const options = listOptions(call.request.query, false)
  const selection = selectionOf(call.resource, options.selectors)
  const { matches, namespace } = selection
  const prefix = collectionPrefix(call, namespace)
  const { caches } = call.core
  checkListable(caches.of(storageOf(call.resource).prefix), call.resource)
  if (options.continue) return listOn(call, prefix, options, selection)
  const asked = parseRevision(options.resourceVersion)
  if (call.request.query.has('at')) {
    const at = await revisionAsked(call.core.store, call.request.query, call.core.clock.now())
    return page(call, prefix, at ?? caches.revision, undefined, options, selection)
  }
  await mayShow(call, asked, options.resourceVersion, { uncached: 0 })
  // One object is read by its name: no page of a state that was.
  const isOne =
    selection.name !== undefined && prefix !== (call.resource.namespaced ? storageOf(call.resource).prefix : undefined)
  const pages = options.limit > 0 && options.resourceVersionMatch === '' && !isOne
  const exact = asked > 0 && (options.resourceVersionMatch === 'Exact' || pages)
  if (exact && asked < caches.revision) return page(call, prefix, asked, undefined, options, selection)
  if (isFromCache && (ignoresLimit(call, options) || (options.limit === 0 && options.resourceVersionMatch !== 'Exact')))
    await checkShowable(call)
  if (selection.needsViews) for (let views = pendingViews(call, prefix); views; views = pendingViews(call, prefix)) await views
  return newest(call, prefix, ignoresLimit(call, options) ? 0 : options.limit, matches)
}

/** kube-apiserver's watch cache takes no notice of a limit when any state will do; events are in none. */
function ignoresLimit({ resource: { group, resource } }: Call, { resourceVersion }: ListOptions): boolean {
  return resourceVersion === '0' && !(resource === 'events' && (group === '' || group === 'events.k8s.io'))
}

/** Makes the views by which objects under `prefix` are selected. undefined: all are there; ask again after waiting, others may write. */
export function pendingViews(call: Call, prefix: string): Promise<unknown> | undefined {
  return prepareViews(call.resource, call.core.caches.of(storageOf(call.resource).prefix).list(prefix))
}

/** Where the keys of the collection are. */
export function collectionPrefix(call: Call, namespace?: string): string {
  checkPlace(call)
  const storage = storageOf(call.resource)
  const within = call.info.namespace || (storage.namespaced ? namespace : undefined)
  return storage.namespaced && within ? `${storage.prefix}${within}/` : storage.prefix
}

function newest(call: Call, prefix: string, limit: number, matches: Matches | undefined): Answer {
  const { caches } = call.core
  const cache = caches.of(storageOf(call.resource).prefix)
  const all = cache.list(prefix)
  const selected = matches ? all.filter(matches) : all
  if (limit <= 0 || selected.length <= limit) {
    return { kind: 'list', items: selected, metadata: { resourceVersion: String(caches.revision) } }
  }
  const items = selected.slice(0, limit)
  const last = items.at(-1)?.key ?? prefix
  const remaining = matches ? {} : { remainingItemCount: selected.length - limit }
  return listed(call, prefix, items, caches.revision, last, remaining)
}

function listed(
  call: Call,
  prefix: string,
  items: readonly Stored[],
  revision: number,
  last: string | undefined,
  more: object,
): Answer {
  const { clock, tokens } = call.core
  if (last !== undefined) tokens.issued(revision, clock.now())
  const token = last === undefined ? {} : { continue: continueToken(revision, last.slice(prefix.length)) }
  return { kind: 'list', items, metadata: { resourceVersion: String(revision), ...token, ...more } }
}

async function listOn(call: Call, prefix: string, options: ListOptions, selection: Selection): Promise<Answer> {
  const token = readContinueToken(options.continue)
  if (options.resourceVersion !== '' && options.resourceVersion !== '0')
    throw badRequest('specifying resource version is not allowed when using continue')
  // Below the collection's own prefix, whatever the token says: it must not lead out of the namespace.
  const after = prefix + token.after
  const { clock, tokens, caches } = call.core
  const revision = token.revision > 0 ? token.revision : caches.revision
  if (token.revision > 0 && tokens.isExpired(revision, clock.now())) throw expiredToken(token.after)
  return page(call, prefix, revision, after, ignoresLimit(call, options) ? { ...options, limit: 0 } : options, selection)
}

/** So many are read at once, whether they are selected or not. */
const batchSize = 1000

/** A page as of `revision`, after the key `after`. */
async function page(
  call: Call,
  prefix: string,
  revision: number,
  after: string | undefined,
  options: ListOptions,
  { matches, needsViews }: Selection,
): Promise<Answer> {
  const limit = options.limit > 0 ? options.limit : Number.POSITIVE_INFINITY
  const items: Stored[] = []
  let from = after
  for (;;) {
    const left = limit - items.length
    // How many more there are is told of the last batch of a page that selects nothing.
    const isLast = !matches && left <= batchSize
    const range = await readRange(call, prefix, { revision, limit: isLast ? left : batchSize, counts: isLast }, from, after)
    const found = range.items.map((item) => new Stored(item.key, item.value, item.revision))
    if (needsViews) await prepareViews(call.resource, found)
    for (const stored of found) {
      if (items.length >= limit) return listed(call, prefix, items, revision, from, {})
      if (!matches || matches(stored)) items.push(stored)
      from = stored.key
    }
    if (range.remaining === 0 || found.length === 0) return listed(call, prefix, items, revision, undefined, {})
    if (items.length >= limit)
      return listed(call, prefix, items, revision, from, matches ? {} : { remainingItemCount: range.remaining })
    await nextTurn()
  }
}

async function readRange(call: Call, prefix: string, options: RangeOptions, from: string | undefined, after: string | undefined) {
  try {
    return await call.core.store.range(prefix, { ...options, ...(from === undefined ? {} : { after: from }) })
  } catch (e) {
    if (e instanceof Compacted) throw after === undefined ? expiredList() : expiredToken(after.slice(prefix.length))
    if (e instanceof FutureRevision) throw tooLargeVersion(options.revision as number, call.core.caches.revision)
    throw e
  }
}

const expiredList = () => new StatusError(410, 'Expired', 'The resourceVersion for the provided list is too old.')

/** The answer carries a token that goes on from the same key at the newest revision: the list is then not consistent. */
function expiredToken(after: string): StatusError {
  const error = new StatusError(
    410,
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  )
  error.status.metadata.continue = continueToken(-1, after)
  return error
}
