import { DurationError, parseDuration } from './duration.ts'

/** What a configuration file must look like: small shapes put together, each giving a typed value or a ConfigError with the place. */

export class ConfigError extends Error {
  /** As in `resources[0].providers`; empty for the whole. */
  readonly at: string
  constructor(at: string, what: string) {
    super(at ? `${at}: ${what}` : what)
    this.name = 'ConfigError'
    this.at = at
  }
}

/** Throws ConfigError. */
export type Shape<T> = (value: unknown, at: string) => T

type Optional<T> = { readonly optional: Shape<T> }
type Fields = Readonly<Record<string, Shape<unknown> | Optional<unknown>>>
type FieldsOf<F extends Fields> = {
  readonly [K in keyof F as F[K] extends Shape<unknown> ? K : never]: F[K] extends Shape<infer T> ? T : never
} & {
  readonly [K in keyof F as F[K] extends Shape<unknown> ? never : K]?: F[K] extends Optional<infer T> ? T : never
}

const kindOf = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'an object'
        : `the ${typeof value} ${value}`

function ofType<T>(type: string, shown: string): Shape<T> {
  return (value, at) => {
    if (typeof value !== type) throw new ConfigError(at, `must be ${shown}, not ${kindOf(value)}`)
    return value as T
  }
}

export const text = ofType<string>('string', 'text')
export const flag = ofType<boolean>('boolean', 'true or false')

export const wholeNumber: Shape<number> = (value, at) => {
  if (!Number.isSafeInteger(value)) throw new ConfigError(at, `must be a whole number, not ${kindOf(value)}`)
  return value as number
}

/** As in `1m30s`, in milliseconds. */
export const duration: Shape<number> = (value, at) => {
  try {
    return parseDuration(text(value, at)) / 1e6
  } catch (e) {
    throw e instanceof DurationError ? new ConfigError(at, e.message) : e
  }
}

export function oneOf<const T extends string>(...allowed: readonly T[]): Shape<T> {
  return (value, at) => {
    if (!allowed.includes(value as T)) throw new ConfigError(at, `must be one of ${allowed.join(', ')}, not ${kindOf(value)}`)
    return value as T
  }
}

export function listOf<T>(item: Shape<T>): Shape<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) throw new ConfigError(at, `must be a list, not ${kindOf(value)}`)
    return value.map((v, i) => item(v, `${at}[${i}]`))
  }
}

/** A field that may be missing or null. */
export function optional<T>(shape: Shape<T>): Optional<T> {
  return { optional: shape }
}

/** An object with these fields and no others. */
export function fields<F extends Fields>(shapes: F): Shape<FieldsOf<F>> {
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new ConfigError(at, `must be an object, not ${kindOf(value)}`)
    const place = (name: string) => (at ? `${at}.${name}` : name)
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(shapes, name))
        throw new ConfigError(place(name), `unknown field; there are ${Object.keys(shapes).join(', ')}`)
    }
    const out: Record<string, unknown> = {}
    for (const [name, shape] of Object.entries(shapes)) {
      const given = (value as Record<string, unknown>)[name]
      if (given !== undefined && given !== null) {
        out[name] = typeof shape === 'function' ? shape(given, place(name)) : shape.optional(given, place(name))
      } else if (typeof shape === 'function') throw new ConfigError(place(name), 'is required')
    }
    return out as FieldsOf<F>
  }
}
