import type { MapAtom, Ref } from '../types/atom.ts'

/** The type of the member `key`; undefined when the type has no such member. */
export const fieldType = (map: MapAtom, key: string): Ref | undefined => map.fields.get(key)?.type ?? map.element
