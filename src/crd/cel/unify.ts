import { CelType, DYN, isDyn, sameType } from './types.ts'

/** What each type variable stands for so far. */
type Substitutions = ReadonlyMap<string, CelType>

/** Substitutions that are tried over others: a long expression has too many variables for a copy at each step. */
class Trial {
  readonly found = new Map<string, CelType>()
  private readonly before: Substitutions

  constructor(before: Substitutions) {
    this.before = before
  }

  get(name: string): CelType | undefined {
    return this.found.get(name) ?? this.before.get(name)
  }
}

const isDynOrError = (type: CelType): boolean => isDyn(type) || type.kind === 'error'

/** Extends `substitutions` so that each of `from` can be used where `to` is wanted; when that cannot be, it is false and nothing is changed. */
export function assign(substitutions: Map<string, CelType>, from: readonly CelType[], to: readonly CelType[]): boolean {
  const trial = new Trial(substitutions)
  if (!allAssignable(trial, from, to)) return false
  for (const [name, type] of trial.found) substitutions.set(name, type)
  return true
}

/** The more general of two types that unify. */
export function mostGeneral(a: CelType, b: CelType): CelType {
  return isEqualOrLessSpecific(a, b) ? a : b
}

/** `type` with its variables replaced; unbound ones by dyn when `final`. */
export function substitute(substitutions: Substitutions, type: CelType, final: boolean): CelType {
  if (type.kind === 'param') {
    const bound = substitutions.get(type.name)
    if (bound !== undefined) return substitute(substitutions, bound, final)
    return final ? DYN : type
  }
  if (type.params.length === 0) return type
  const params = type.params.map((param) => substitute(substitutions, param, final))
  return params.every((param, i) => param === type.params[i]) ? type : new CelType(type.kind, type.name, params, type.nullable)
}

function allAssignable(subs: Trial, from: readonly CelType[], to: readonly CelType[]): boolean {
  return from.length === to.length && from.every((type, i) => isAssignable(subs, type, to[i] as CelType))
}

function isAssignable(subs: Trial, a: CelType, b: CelType): boolean {
  if (b.kind === 'param') {
    const { valid, bound } = bind(subs, a, b)
    if (valid) return true
    if (bound) return false
  }
  if (a.kind === 'param') return bind(subs, b, a).valid
  if (isDynOrError(a) || isDynOrError(b)) return true
  if (a.kind === 'null') return isNullable(b)
  if (b.kind === 'null') return isNullable(a)
  switch (a.kind) {
    case 'type':
      return b.kind === 'type'
    case 'opaque':
    case 'list':
    case 'map':
      return a.kind === b.kind && a.name === b.name && allAssignable(subs, a.params, b.params)
    default:
      return a.kind === b.kind && a.name === b.name
  }
}

function isNullable(type: CelType): boolean {
  return type.nullable || ['null', 'opaque', 'struct', 'any', 'duration', 'timestamp'].includes(type.kind)
}

/** Makes `variable` stand for `type`, if it can. */
function bind(subs: Trial, type: CelType, variable: CelType): { valid: boolean; bound: boolean } {
  if (sameType(type, variable)) return { valid: true, bound: true }
  const current = subs.get(variable.name)
  if (current !== undefined) {
    if (sameType(type, current)) return { valid: true, bound: true }
    if (!isAssignable(subs, type, current)) return { valid: false, bound: true }
    const general = mostGeneral(type, current)
    if (!occursIn(subs, variable, general)) subs.found.set(variable.name, general)
    return { valid: true, bound: true }
  }
  if (occursIn(subs, variable, type)) return { valid: false, bound: false }
  subs.found.set(variable.name, type)
  return { valid: true, bound: false }
}

function occursIn(subs: Trial, variable: CelType, within: CelType): boolean {
  if (sameType(variable, within)) return true
  if (within.kind === 'param') {
    const bound = subs.get(within.name)
    return bound !== undefined && occursIn(subs, variable, bound)
  }
  return within.params.some((param) => occursIn(subs, variable, param))
}

function isEqualOrLessSpecific(a: CelType, b: CelType): boolean {
  if (isDyn(a) || a.kind === 'param') return true
  if (isDyn(b) || b.kind === 'param' || a.kind !== b.kind) return false
  switch (a.kind) {
    case 'opaque':
    case 'list':
    case 'map':
      return (
        a.name === b.name &&
        a.params.length === b.params.length &&
        a.params.every((param, i) => isEqualOrLessSpecific(param, b.params[i] as CelType))
      )
    case 'type':
      return true
    default:
      return sameType(a, b)
  }
}
