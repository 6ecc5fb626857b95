import type { CallEstimator } from './cost-estimate.ts'
import type { Macro, Macros } from './macros.ts'
import { type CelType, TYPE_NAMES, typeOf } from './types.ts'
import type { Value } from './values.ts'

/** One signature of a function. `call` gets values of the declared types only. */
export interface Overload {
  readonly id: string
  /** Called as `target.f(…)`; then `params[0]` is the target. */
  readonly member: boolean
  readonly params: readonly CelType[]
  readonly result: CelType
  readonly call: (...args: Value[]) => Value
  /** Static cost, where it is not one unit. */
  readonly estimate?: CallEstimator
  /** Cost of one call that was made, where it is not one unit. */
  readonly cost?: (args: readonly Value[], result: Value) => number
}

/** Declared object types: whose field has which type. */
export interface StructTypes {
  /** undefined: no such type. */
  find(name: string): CelType | undefined
  /** undefined: the type has no such field. */
  field(typeName: string, field: string): CelType | undefined
  /** Makes an object of a type that `find` knows; undefined when expressions cannot construct any. */
  construct?(typeName: string, fields: ReadonlyMap<string, Value>): Value
}

/** A set of functions, macros and types that belong together. */
export interface Library {
  readonly functions: Readonly<Record<string, readonly Overload[]>>
  readonly macros?: readonly (readonly [string, Macro])[]
  readonly types?: readonly CelType[]
}

export interface Environment {
  readonly functions: ReadonlyMap<string, readonly Overload[]>
  readonly macros: Macros
  readonly variables: ReadonlyMap<string, CelType>
  readonly typeNames: ReadonlyMap<string, CelType>
  readonly structs: StructTypes
  /** The namespace that names are looked up in first, e.g. 'a.b'; '' for none. */
  readonly container: string
  /** List and map literals may not mix types. */
  readonly homogeneousLiterals: boolean
  /** Fields may be written in backticks. */
  readonly escapedNames: boolean
}

const NO_STRUCTS: StructTypes = { find: () => undefined, field: () => undefined }

/** An environment of `libraries` without variables. */
export function environmentOf(
  libraries: readonly Library[],
  options: Pick<Environment, 'homogeneousLiterals' | 'escapedNames'>,
): Environment {
  const functions = new Map<string, Overload[]>()
  const macros = new Map<string, Macro>()
  const typeNames = new Map(TYPE_NAMES)
  for (const library of libraries) {
    for (const [name, overloads] of Object.entries(library.functions)) {
      functions.set(name, [...(functions.get(name) ?? []), ...overloads])
    }
    for (const [key, macro] of library.macros ?? []) macros.set(key, macro)
    for (const type of library.types ?? []) typeNames.set(type.name, type)
  }
  return { functions, macros, variables: new Map(), typeNames, structs: NO_STRUCTS, container: '', ...options }
}

/** `environment` with more variables, other object types or another container. */
export function extend(
  environment: Environment,
  more: { variables?: Readonly<Record<string, CelType>>; structs?: StructTypes; container?: string },
): Environment {
  const variables = new Map([...environment.variables, ...Object.entries(more.variables ?? {})])
  return {
    ...environment,
    variables,
    structs: more.structs ?? environment.structs,
    container: more.container ?? environment.container,
  }
}

/** The full names that `name` may mean inside of `container`, the innermost first. */
export function candidateNames(container: string, name: string): string[] {
  if (name.startsWith('.')) return [name.slice(1)]
  const names: string[] = []
  for (let scope = container; scope !== ''; scope = scope.slice(0, Math.max(0, scope.lastIndexOf('.')))) {
    names.push(`${scope}.${name}`)
  }
  return [...names, name]
}

/** What the global name `candidate` is: a variable, or a type used as a value. */
export function lookupGlobal(environment: Environment, candidate: string): { type: CelType; typeValue?: CelType } | undefined {
  const variable = environment.variables.get(candidate)
  if (variable !== undefined) return { type: variable }
  const named = environment.typeNames.get(candidate) ?? environment.structs.find(candidate)
  return named === undefined ? undefined : { type: typeOf(named), typeValue: named }
}
