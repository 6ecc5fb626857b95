import { kinds } from '../../../src/api/kinds/index.ts'
import { fillDefaults, found, type Kind, type KindContext } from '../../../src/api/kinds/kind.ts'
import type { KubeObject, ObjectMeta } from '../../../src/apimachinery/object.ts'
import { atOnce } from '../../../src/apimachinery/steps.ts'

const plain: KindContext = { now: '2026-01-01T00:00:00Z', user: 'admin', subresource: '', requested: '' }

function kindOf(gvk: string): Kind {
  const found = kinds.find((k) => k.gvk === gvk)
  if (!found) throw new Error(`no ${gvk}`)
  return found
}

/** What is wrong with a new object, a text a problem. */
export function problemsOf(gvk: string, object: object, context: Partial<KindContext> = {}): string[] {
  const kind = kindOf(gvk)
  const own = structuredClone(object) as KubeObject
  atOnce(fillDefaults(kind, own))
  return atOnce(found(kind.validate?.(own, { ...plain, ...context }))).map((e) => `${e.field}: ${e.message}`)
}

/** What is wrong with an object that replaces `old`. */
export function changeProblems(gvk: string, object: object, old: object, context: Partial<KindContext> = {}): string[] {
  const kind = kindOf(gvk)
  const [now, before] = [object, old].map((o) => structuredClone(o) as KubeObject) as [KubeObject, KubeObject]
  return atOnce(found(kind.validateUpdate?.(now, before, { ...plain, ...context }))).map((e) => `${e.field}: ${e.message}`)
}

/** A new object as it is before validation. */
export function prepared<T extends object>(gvk: string, object: T): T {
  const kind = kindOf(gvk)
  const own = structuredClone(object) as KubeObject
  atOnce(fillDefaults(kind, own))
  kind.prepareForCreate?.(own, plain)
  return own as unknown as T
}

/** An object that replaces `old` at an endpoint, as it is before validation. */
export function changed<T extends object>(gvk: string, object: T, old: object, subresource = ''): T & { metadata: ObjectMeta } {
  const own = structuredClone(object) as unknown as KubeObject
  kindOf(gvk).prepareForUpdate?.(own, structuredClone(old) as KubeObject, { ...plain, subresource })
  return own as unknown as T & { metadata: ObjectMeta }
}
