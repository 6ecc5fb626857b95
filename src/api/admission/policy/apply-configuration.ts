import type { KubeObject } from '../../../apimachinery/object.ts'
import { fieldType } from '../../apply/typed/descend.ts'
import { merge } from '../../apply/typed/merge.ts'
import { validate } from '../../apply/typed/validate.ts'
import { type Atom, deduced } from '../../apply/types/atom.ts'

/** `object` with an applied configuration merged into it. Throws an Error, worded as kube-apiserver words it. */
export function applied(object: KubeObject, configuration: unknown, type: Atom = deduced): unknown {
  try {
    validate(type, configuration, false)
  } catch (error) {
    throw new Error(`error applying patch: failed to convert patch object to typed object: ${(error as Error).message}`)
  }
  const atomics = atomicParts(type, configuration, '')
  if (atomics.length > 0) {
    const paths = atomics.join(', ')
    throw new Error(`error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${paths}`)
  }
  return merge(type, object, configuration)
}

/** Where `value` sets something that is owned as a whole: merging would throw away what others put there. */
function atomicParts({ map, list }: Atom, value: unknown, path: string): string[] {
  if (Array.isArray(value)) {
    if (!list) return []
    const own = list.associative ? [] : [path]
    return [...own, ...value.flatMap((item, i) => atomicParts(list.element.atom, item, `${path}[${i}]`))]
  }
  if (typeof value !== 'object' || value === null || !map) return []
  const inner = Object.entries(value).flatMap(([key, part]) => {
    const type = map.fields.has(key) ? fieldType(map, key) : undefined
    return type ? atomicParts(type.atom, part, `${path}.${key}`) : []
  })
  return [...(map.atomic ? [path] : []), ...inner]
}
