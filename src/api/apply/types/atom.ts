/** What structured-merge-diff knows of a type: how its values merge and who can own which part. A value may have several forms
 *  (`untyped`), told apart by what is there. */
export interface Atom {
  readonly scalar?: ScalarName
  readonly list?: ListAtom
  readonly map?: MapAtom
}

export type ScalarName = 'numeric' | 'string' | 'boolean' | 'untyped'

export interface ListAtom {
  /** Atomic lists have one owner; items of associative ones are told apart by `keys`, or by value when there are none. */
  readonly associative: boolean
  readonly keys: readonly string[]
  readonly element: Ref
}

export interface MapAtom {
  readonly atomic: boolean
  readonly fields: ReadonlyMap<string, FieldAtom>
  /** The type of members that `fields` does not name; undefined when there may be none. */
  readonly element: Ref | undefined
}

export interface FieldAtom {
  readonly type: Ref
  readonly default: unknown
}

/** A type, resolved when asked for: types refer to each other in circles. */
export interface Ref {
  readonly atom: Atom
}

/** A reference that finds its type on first use. */
export function lazily(find: () => Atom): Ref {
  let found: Atom | undefined
  return {
    get atom() {
      found ??= find()
      return found
    },
  }
}

const untypedRef: Ref = lazily(() => untyped)
const deducedRef: Ref = lazily(() => deduced)
const noFields: ReadonlyMap<string, FieldAtom> = new Map()

/** Anything, owned as a whole. */
export const untyped: Atom = {
  scalar: 'untyped',
  list: { associative: false, keys: [], element: untypedRef },
  map: { atomic: true, fields: noFields, element: untypedRef },
}

/** Anything; maps are merged key by key, lists are owned as a whole. */
export const deduced: Atom = {
  scalar: 'untyped',
  list: { associative: false, keys: [], element: untypedRef },
  map: { atomic: false, fields: noFields, element: deducedRef },
}

/** Whether members of `map` are owned without any type to go by. */
export function isDeduced(map: MapAtom): boolean {
  return map.fields.size === 0 && map.element !== undefined && (map.element.atom === deduced || isPlainUntyped(map.element.atom))
}

const isPlainUntyped = (atom: Atom): boolean => atom.scalar === 'untyped' && atom !== untyped && !atom.list && !atom.map
