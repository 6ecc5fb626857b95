import type { KubeObject } from '../../apimachinery/object.ts'
import type { Call } from '../pipeline/call.ts'

/**
 * A decoded object with its defaults, changed in place where it can be. A built-in kind that is stored in another version goes there and back, as in
 * kube-apiserver: what only the stored version defaults shows in the asked one, and is owned by whoever writes.
 */
export function defaulted({ resource, core }: Call, object: KubeObject): KubeObject {
  resource.strategy.defaults?.(object)
  const { conversion, storage, isCustom } = resource
  if (!conversion || !storage || isCustom) return object
  const stored = conversion.toStorage(object)
  if (stored instanceof Promise) return object
  core.registry.findStorage(storage)?.strategy.defaults?.(stored)
  const back = conversion.fromStorage(stored)
  return back instanceof Promise ? object : resource.rules.canonical(back)
}
