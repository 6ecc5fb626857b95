import { createRequire } from 'node:module'

type Yaml = typeof import('yaml')

let loaded: Yaml | undefined

/** Loads the package ahead: a port's first YAML body is not to wait for it. */
export async function loadYaml(): Promise<void> {
  loaded ??= await import('yaml')
}

/** The package `yaml`, loaded when it is first needed: seventy modules that an API in memory never uses. */
export function yamlPackage(): Yaml {
  // What the package exports is what its types say.
  loaded ??= createRequire(import.meta.url)('yaml') as Yaml
  return loaded
}
