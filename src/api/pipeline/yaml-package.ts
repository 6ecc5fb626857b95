import { createRequire } from 'node:module'

type Yaml = typeof import('yaml')

let loaded: Yaml | undefined

/** The package `yaml`, loaded when it is first needed: seventy modules that an API in memory never uses. */
export function yamlPackage(): Yaml {
  // What the package exports is what its types say.
  loaded ??= createRequire(import.meta.url)('yaml') as Yaml
  return loaded
}
