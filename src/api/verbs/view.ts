import { setImmediate } from 'node:timers/promises'
import { goJson } from '../../apimachinery/go-quote.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Conversion, ServedResource } from '../registry/served.ts'
import { inOrder, serializer, storedAt } from '../watch/serialize.ts'
import { Stored } from '../watch/stored.ts'

/** Conversions made of a stored object, one a served version: an event that many watch in another version is converted once. */
const converted = new WeakMap<Stored, WeakMap<Conversion, Stored | Promise<Stored>>>()

/** `stored` in the version of `resource`. The same object when it is stored in that version. */
export function viewAs(resource: ServedResource, stored: Stored): Stored | Promise<Stored> {
  const { conversion } = resource
  if (!conversion) return stored
  let versions = converted.get(stored)
  if (!versions) {
    versions = new WeakMap()
    converted.set(stored, versions)
  }
  const known = versions.get(conversion)
  if (known) return known
  const view = convert(conversion, resource, stored)
  versions.set(conversion, view)
  if (view instanceof Promise) settleIn(versions, conversion, view)
  return view
}

/** What a webhook made is there at once from then on; what it failed at is asked again. */
function settleIn(versions: WeakMap<Conversion, Stored | Promise<Stored>>, conversion: Conversion, view: Promise<Stored>): void {
  view.then(
    (made) => versions.set(conversion, made),
    () => versions.delete(conversion),
  )
}

/** Makes `viewAs` answer at once for all of `items`, for selectors. undefined: it does so already. */
export function prepareViews(resource: ServedResource, items: readonly (Stored | undefined)[]): Promise<unknown> | undefined {
  const { conversion } = resource
  if (!conversion) return undefined
  if (items.length > inOneTurn) {
    const isReady = (s: Stored | undefined): boolean => !s || converted.get(s)?.get(conversion) instanceof Stored
    return items.every(isReady) ? undefined : viewsOf(resource, items)
  }
  const pending = items.map((s) => s && viewAs(resource, s)).filter((view) => view instanceof Promise)
  return pending.length > 0 ? Promise.all(pending) : undefined
}

function convert(conversion: Conversion, resource: ServedResource, stored: Stored): Stored | Promise<Stored> {
  const done = (object: KubeObject): Stored => {
    if (object === stored.object) return stored
    const canonical = resource.rules.canonical(object)
    // A dry run that creates has no revision.
    if (stored.revision === 0) return new Stored(stored.key, Buffer.from(goJson(inOrder(canonical, resource))), 0, canonical)
    return storedAt(stored.key, serializer(canonical, resource), stored.revision)
  }
  const object = conversion.fromStorage(stored.object)
  return object instanceof Promise ? object.then(done) : done(object)
}

export async function viewAll(resource: ServedResource, items: readonly Stored[]): Promise<readonly Stored[]> {
  return resource.conversion ? viewsOf(resource, items) : items
}

/** So many are converted, or put together for a webhook, before others have a turn. */
const inOneTurn = 250

async function viewsOf<T extends Stored | undefined>(resource: ServedResource, items: readonly T[]): Promise<Stored[]> {
  const views: (Stored | Promise<Stored>)[] = []
  for (const [i, stored] of items.entries()) {
    if (i % inOneTurn === inOneTurn - 1) await setImmediate()
    if (stored) views.push(viewAs(resource, stored))
  }
  return Promise.all(views)
}
