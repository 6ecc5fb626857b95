import { apiVersionOf, parseApiVersion } from '../../apimachinery/resource.ts'
import { canonical, decodePatched } from '../schema/decode.ts'
import { typeOf } from '../schema/types.ts'
import type { Json } from './managers.ts'
import { customResetFilter, type ResetFilter, resetFilterOf } from './reset-fields.ts'
import type { Atom } from './types/atom.ts'
import { builtInType } from './types/built-in.ts'
import { typeFromCrdSchema } from './types/custom.ts'
import type { OpenApiSchema } from './types/schema-types.ts'

/** What field management must know of a kind at the version of a request. Make one a kind and keep it: types are compiled once. */
export interface AppliedKind {
  readonly group: string
  readonly version: string
  readonly kind: string
  /** The merge type at a version; undefined when that version is not served. */
  readonly typeAt: (apiVersion: string) => Atom | undefined
  readonly convert: Convert
  readonly resetFilter: (subresource: string) => ResetFilter
  /** What stands for the live object before there is one. */
  readonly empty: () => Json
  /** Whether every object fits the merge type: a custom one that is stored need not, when its schema was changed since. */
  readonly fits: boolean
  /** Whether what was stored is seen to fit before it is tracked: another schema or a webhook may have let it be otherwise. */
  readonly checksFit: boolean
  /** Reads a merged object as its kind. Throws an Error with Go's message. */
  readonly read: (merged: unknown) => Json
}

/** Converts an object between versions of its kind; undefined when there is no such version. A promise where a webhook is asked, rejected with what it did. */
export type Convert = (object: Json, apiVersion: string) => Json | Promise<Json> | undefined

const notServed: Convert = () => undefined

/** A built-in kind. `convert` is needed only for kinds served at several versions. Throws when there is no such kind. */
export function builtInKind(group: string, version: string, kind: string, convert: Convert = notServed): AppliedKind {
  const type = typeOf(group, version, kind)
  const atom = builtInType(group, version, kind)
  if (!type || !atom) throw new Error(`${apiVersionOf({ group, version })} ${kind} is not a built-in kind`)
  const apiVersion = apiVersionOf({ group, version })
  let empty: Json | undefined
  return {
    group,
    version,
    kind,
    convert,
    fits: true,
    checksFit: false,
    typeAt: (other) => {
      if (other === apiVersion) return atom
      const at = parseApiVersion(other)
      return builtInType(at.group, at.version, kind)
    },
    resetFilter: (subresource) => resetFilterOf(group, kind, subresource),
    empty: () => {
      empty ??= canonical(type, { apiVersion, kind })
      return empty
    },
    read: (merged) => decodePatched(type, merged).value,
  }
}

interface CustomKindOptions {
  readonly group: string
  readonly version: string
  readonly kind: string
  /** `openAPIV3Schema` by served version; undefined for a version without one. */
  readonly schemas: ReadonlyMap<string, OpenApiSchema | undefined>
  readonly hasStatus: boolean
  readonly checksFit?: boolean
  readonly convert?: Convert
}

/** A custom kind at one of its versions. */
export function customKind(options: CustomKindOptions): AppliedKind {
  const { group, version, kind, schemas, hasStatus, checksFit = false, convert = notServed } = options
  const types = new Map<string, Atom>()
  const typeAt = (apiVersion: string): Atom | undefined => {
    const at = parseApiVersion(apiVersion)
    if (at.group !== group || !schemas.has(at.version)) return undefined
    const atom = types.get(at.version) ?? typeFromCrdSchema(schemas.get(at.version))
    types.set(at.version, atom)
    return atom
  }
  return {
    group,
    version,
    kind,
    convert,
    fits: false,
    checksFit,
    typeAt,
    resetFilter: (subresource) => customResetFilter(hasStatus, subresource),
    empty: () => ({ apiVersion: apiVersionOf({ group, version }), kind }),
    read: (merged) => (merged ?? {}) as Json,
  }
}
