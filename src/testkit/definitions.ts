import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CustomResourceDefinition } from '../apimachinery/kinds.generated.ts'
import type { Client } from '../client/client.ts'
import type { CustomResource } from '../crd/authoring/custom-resource.ts'
import { installDefinition } from '../operators/install-definition.ts'

/** A kind made by `customResource`, a definition's object, YAML (with a line break in it), or the path of a YAML file or of a folder with some. */
export type DefinitionSource = string | CustomResourceDefinition | Pick<CustomResource, 'definition'>

/** Applies the definitions and waits until their kinds are served. Throws Error naming what is no definition. */
export async function installDefinitions(client: Client, sources: readonly DefinitionSource[]): Promise<void> {
  const definitions = (await Promise.all(sources.map(definitionsIn))).flat()
  const { signal } = new AbortController()
  await Promise.all(definitions.map((d) => installDefinition(client, d, signal, 'slipway-testkit')))
}

async function definitionsIn(source: DefinitionSource): Promise<CustomResourceDefinition[]> {
  if (typeof source !== 'string')
    return ['definition' in source ? (source.definition as unknown as CustomResourceDefinition) : source]
  const texts = source.includes('\n') ? [source] : await textsAt(source)
  const { parseAllDocuments } = await import('yaml')
  const objects = texts.flatMap((text) => parseAllDocuments(text).map((d) => d.toJS() as CustomResourceDefinition | null))
  const found = objects.filter((o): o is CustomResourceDefinition => o?.kind === 'CustomResourceDefinition')
  if (found.length === 0) throw new Error(`no CustomResourceDefinition in ${source.includes('\n') ? 'the text' : source}`)
  return found
}

async function textsAt(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [await readFile(path, 'utf8')]
  const files = (await readdir(path)).filter((f) => /\.(ya?ml|json)$/.test(f)).sort()
  return Promise.all(files.map((f) => readFile(join(path, f), 'utf8')))
}
