import { compile } from 'json-schema-to-typescript'
import { type CustomResourceDefinition, storageVersion, versionsOf } from '../definition/definition.ts'
import { rootSchema } from './json-schema.ts'

/** Where the module's own types come from. */
const library = 'slipway/operators'

/**
 * A TypeScript module with, for each version of each definition, an interface and a kind of the same name to use as
 * `for: Database`. The stored version has the kind's plain name, others are called such as `DatabaseV1beta1`.
 * Throws Error when two definitions have one kind: give them modules of their own.
 */
export async function typesOf(definitions: readonly CustomResourceDefinition[]): Promise<string> {
  const sources: string[] = []
  const names = new Map<string, string>()
  for (const definition of definitions) {
    const { name = '' } = definition.metadata
    for (const version of versionsOf(definition)) {
      const type = typeName(definition, version.name)
      const other = names.get(type)
      if (other) throw new Error(`${name} and ${other} both have the kind ${type}: write their types to different files`)
      names.set(type, name)
      sources.push(await typeSource(definition, version.name, type))
    }
  }
  const head = `// Made by \`slipway types\` from ${definitions.map((d) => d.metadata.name).join(', ')}. Do not edit.\n`
  return `${head}import type { ObjectMeta, Resource } from '${library}'\n\n${sources.join('\n')}`
}

async function typeSource(definition: CustomResourceDefinition, version: string, type: string): Promise<string> {
  const { names = {}, group = '', scope } = definition.spec
  const { kind = '', plural = '' } = names
  const schema = versionsOf(definition).find((v) => v.name === version)?.schema?.openAPIV3Schema ?? {}
  const style = { semi: false, singleQuote: true, printWidth: 120 }
  const compiled = await compile(rootSchema(schema, `${group}/${version}`, kind), type, { bannerComment: '', style })
  // The compiler spells names its own way: K8sThing as K8SThing.
  const source = compiled.replace(/export (interface|type) \w+/, `export $1 ${type}`)
  const facts = { group, version, resource: plural, kind, namespaced: scope !== 'Cluster' }
  const fields = Object.entries(facts).map(([key, value]) => `  ${key}: ${quoted(value)},\n`)
  return `${source}\nexport const ${type}: Resource<${type}> = {\n${fields.join('')}}\n`
}

const quoted = (value: string | boolean): string =>
  typeof value === 'boolean' ? String(value) : `'${value.replace(/[\\']/g, '\\$&')}'`

function typeName(definition: CustomResourceDefinition, version: string): string {
  const kind = (definition.spec.names?.kind ?? '').replace(/[^A-Za-z0-9_$]/g, '')
  if (version === storageVersion(definition)) return kind
  return `${kind}${version.charAt(0).toUpperCase()}${version.slice(1)}`
}
