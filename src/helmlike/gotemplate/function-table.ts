// Functions as templates see them: a signature each (checked as Go's reflection checks calls) and families of implementations
// that are loaded when a template first calls one.
import type { Value } from './value.ts'

/** What a call must look like. `contextual` functions get the Run before their arguments. */
export interface Signature {
  readonly name: string
  readonly params: readonly string[]
  readonly variadic: boolean
  readonly contextual: boolean
}
export type Implementation = (...args: never[]) => Value

/** Thrown when a function of a family that is not loaded is called: load it and render again. */
export class FamilyMissing extends Error {
  readonly family: string
  constructor(family: string) {
    super(`function family ${family} is not loaded`)
    this.family = family
  }
}

const PARAMETER_TYPES: { readonly [short: string]: string } = {
  any: 'interface {}',
  map: 'map[string]interface {}',
  list: '[]interface {}',
  value: 'reflect.Value',
  time: 'time.Time',
  cert: 'sprig.certificate',
}

/** Go's name of a parameter type of a signature. */
export const goTypeName = (type: string): string => PARAMETER_TYPES[type] ?? type

/** Reads `@string,...any`: `@` marks a contextual function, `...` the variadic parameter. */
function parseSignature(name: string, text: string): Signature {
  const contextual = text.startsWith('@')
  const list = contextual ? text.slice(1) : text
  const params = list === '' ? [] : list.split(',').map((p) => p.trim())
  const last = params.at(-1)
  const variadic = last?.startsWith('...') ?? false
  if (variadic) params[params.length - 1] = (last as string).slice(3)
  return { name, params, variadic, contextual }
}

export class FunctionTable {
  private readonly texts: Map<string, { family: string; signature: string }>
  private readonly signatures = new Map<string, Signature>()
  private readonly implementations = new Map<string, Implementation>()

  /** `families`: family -> function -> signature. */
  constructor(families: { readonly [family: string]: { readonly [name: string]: string } }) {
    this.texts = new Map()
    for (const family of Object.keys(families)) {
      const functions = families[family] ?? {}
      for (const name of Object.keys(functions)) this.texts.set(name, { family, signature: functions[name] as string })
    }
  }

  has(name: string): boolean {
    return this.texts.has(name)
  }
  names(): string[] {
    return [...this.texts.keys()]
  }

  signature(name: string): Signature | undefined {
    let s = this.signatures.get(name)
    if (!s) {
      const text = this.texts.get(name)
      if (!text) return undefined
      s = parseSignature(name, text.signature)
      this.signatures.set(name, s)
    }
    return s
  }

  /** Throws FamilyMissing when the function's family is not loaded yet. */
  implementation(name: string): Implementation {
    const found = this.implementations.get(name)
    if (found) return found
    throw new FamilyMissing(this.texts.get(name)?.family ?? name)
  }

  /** The family that has to be loaded before the function can be called. */
  missingFamily(name: string): string | undefined {
    return this.implementations.has(name) ? undefined : this.texts.get(name)?.family
  }

  provide(functions: { readonly [name: string]: Implementation }): void {
    for (const name of Object.keys(functions)) this.implementations.set(name, functions[name] as Implementation)
  }
}
