import { alphabetical } from '../../apimachinery/key-order.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { fillDefaults } from '../kinds/kind.ts'
import type { Call } from '../pipeline/call.ts'
import { thawSteps } from '../watch/freeze.ts'

/**
 * A decoded object with its defaults, changed in place where it can be. A built-in kind that is stored in another version goes there and back, as in
 * kube-apiserver: what only the stored version defaults shows in the asked one, and is owned by whoever writes.
 */
export function* defaulted({ resource, core }: Call, object: KubeObject): Steps<KubeObject> {
  yield* fillDefaults(resource.strategy, object)
  const { conversion, storage, isCustom } = resource
  if (!conversion || !storage || isCustom) return object
  const stored = conversion.toStorage(object)
  if (stored instanceof Promise) return object
  const home = core.registry.findStorage(storage)
  if (home) yield* fillDefaults(home.strategy, stored)
  const back = conversion.fromStorage(stored)
  return back instanceof Promise ? object : yield* resource.rules.canonicalSteps(back)
}

/** A copy of what was sent as audit shows it. */
export function* asAsked(call: Call, sent: KubeObject): Steps<KubeObject> {
  const whole = yield* defaulted(call, yield* thawSteps(sent))
  const canonical = yield* call.resource.rules.canonicalSteps(whole)
  return call.resource.isCustom ? (alphabetical(canonical) as KubeObject) : canonical
}
