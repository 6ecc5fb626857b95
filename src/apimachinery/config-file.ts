import { parseDocument } from 'yaml'
import { ConfigError, type Shape } from './config-shape.ts'

/**
 * Reads a configuration file of Kubernetes (YAML or JSON) that has one of these `apiVersion/kind`. Throws an Error that names `origin`
 * (the flag and file), the place in it and what is wrong there.
 */
export function readConfigFile<T>(textOfFile: string, origin: string, kinds: readonly string[], shape: Shape<T>): T {
  const { apiVersion, kind, metadata: _, ...rest } = objectIn(textOfFile, origin)
  const found = `${apiVersion}/${kind}`
  if (!kinds.includes(found)) throw new Error(`${origin}: apiVersion and kind are ${found}; must be ${kinds.join(' or ')}`)
  return shaped(rest, origin, shape)
}

/** As `readConfigFile`, for the few that have no kind. */
export function readBareConfigFile<T>(textOfFile: string, origin: string, shape: Shape<T>): T {
  return shaped(objectIn(textOfFile, origin), origin, shape)
}

function objectIn(textOfFile: string, origin: string): Record<string, unknown> {
  const document = parseDocument(textOfFile, { uniqueKeys: true })
  const [error] = document.errors
  if (error) throw new Error(`${origin}: ${error.message.split('\n')[0]}`)
  const value: unknown = document.toJS({ maxAliasCount: 100 })
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${origin}: must be an object`)
  return value as Record<string, unknown>
}

function shaped<T>(value: object, origin: string, shape: Shape<T>): T {
  try {
    return shape(value, '')
  } catch (e) {
    throw e instanceof ConfigError ? new Error(`${origin}: ${e.message}`) : e
  }
}
