import { readFile, stat } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import type { KubeObject } from '../apimachinery/object.ts'
import { customresourcedefinitions } from '../apimachinery/resources.generated.ts'
import type { Client } from '../client/client.ts'
import { type CustomResource, isCustomResource } from '../crd/authoring/custom-resource.ts'
import type { CustomResourceDefinition } from '../crd/definition/definition.ts'
import { definitionProblems } from '../crd/definition/problems.ts'
import { parseManifests } from '../sync/render/yaml-manifests.ts'
import { connect, connectionHelp, connectionOptions } from './assembly/connection.ts'
import { differencesOf, type GeneratedFiles, writeGenerated } from './assembly/generated-files.ts'
import { localFiles } from './assembly/local-files.ts'
import { loadUserModule } from './assembly/user-module.ts'

const help = `slipway types: TypeScript from CustomResourceDefinitions, and the other way round

  slipway types FILE|FOLDER …         types of the definitions in YAML or JSON files
  slipway types --cluster             types of every definition of a cluster
  slipway types --crds FILE.ts …      the definitions (YAML) of kinds written with customResource(), or of operators for them

  --out DIR   writes a file for each API group (types) or kind (definitions); default: standard output
  --check     writes nothing; exits 1 and shows the difference when DIR is not what would be written

${connectionHelp}
Examples:
  slipway types crds/ --out src/types
  slipway types --crds src/operator.ts --out crds --check
  slipway types --cluster --kubeconfig ~/.kube/config --out src/types
`

/** `slipway types`. */
export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      ...connectionOptions,
      cluster: { type: 'boolean', default: false },
      crds: { type: 'boolean', default: false },
      out: { type: 'string' },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  if (values.cluster === positionals.length > 0 || (values.crds && values.cluster) || (values.check && !values.out)) {
    process.stderr.write(`${values.check && !values.out ? '--check needs --out' : 'name files, or --cluster'}\n\n${help}`)
    return 2
  }
  if (values.crds) return finish(definitionFiles(await kindsOf(positionals)), definitionMark, values)
  const definitions = values.cluster ? await ofCluster(await connect(values)) : await ofFiles(positionals)
  if (definitions.length === 0) throw new Error(`no CustomResourceDefinition in ${positionals.join(', ') || 'the cluster'}`)
  return finish(await typeFiles(definitions), typesMark, values)
}

const typesMark = '// Made by `slipway types`'
const definitionMark = '# Made by `slipway types --crds`'

function finish(files: GeneratedFiles, mark: string, { out, check }: { out?: string | undefined; check: boolean }): number {
  if (!out) process.stdout.write([...files.values()].join(mark === definitionMark ? '---\n' : '\n'))
  else if (!check) for (const line of writeGenerated(out, files, mark)) process.stderr.write(`${line}\n`)
  else {
    const differences = differencesOf(out, files, mark)
    if (differences === '') return 0
    process.stdout.write(`${differences}\n`)
    process.stderr.write(`slipway: ${out} is not up to date: run the command without --check\n`)
    return 1
  }
  return 0
}

/** A module for each group; json-schema-to-typescript is loaded only now. */
async function typeFiles(definitions: readonly CustomResourceDefinition[]): Promise<GeneratedFiles> {
  const { typesOf } = await import('../crd/types/typescript.ts')
  const groups = Map.groupBy(
    definitions.toSorted((a, b) => (`${a.metadata.name}` < `${b.metadata.name}` ? -1 : 1)),
    (d) => d.spec.group ?? '',
  )
  const files = new Map<string, string>()
  for (const [group, ofGroup] of groups) files.set(`${group}.ts`, await typesOf(ofGroup))
  return files
}

/** The definitions that apply as they are to any cluster. Throws Error when an API server would refuse one. */
export function definitionFiles(kinds: readonly CustomResource[]): GeneratedFiles {
  const files = new Map<string, string>()
  for (const { definition } of kinds) {
    const problems = definitionProblems(definition)
    const name = definition.metadata.name ?? ''
    if (problems.length > 0) throw new Error(`${name} is no valid definition:\n${problems.map((p) => `  ${p}`).join('\n')}`)
    const text = stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false })
    files.set(`${name}.yaml`, `${definitionMark}. Do not edit.\n${text}`)
  }
  return files
}

/** The kinds written in TypeScript that modules export, or export an operator for. */
export async function kindsOf(modules: readonly string[]): Promise<CustomResource[]> {
  const found = new Map<string, CustomResource>()
  for (const module of modules) {
    const exported = Object.values(await loadUserModule(module))
    const kinds = exported.flatMap((e) => [e, (e as { for?: unknown } | undefined)?.for]).filter(isCustomResource)
    if (kinds.length === 0) throw new Error(`${module} exports no kind made by customResource(), and no operator for one`)
    for (const kind of kinds) found.set(kind.definition.metadata.name ?? '', kind)
  }
  return [...found.values()]
}

async function ofCluster(client: Client): Promise<CustomResourceDefinition[]> {
  const { items } = await client.list(customresourcedefinitions)
  return items as unknown as CustomResourceDefinition[]
}

/** The definitions in files, and in the files of folders; other objects beside them are left out. Throws ManifestError. */
async function ofFiles(paths: readonly string[]): Promise<CustomResourceDefinition[]> {
  const found: KubeObject[] = []
  for (const path of paths) {
    const isFolder = (await stat(path)).isDirectory()
    const files = isFolder ? await localFiles(path) : [{ path, read: () => readFile(path) }]
    for (const file of files.filter((f) => /\.(ya?ml|json)$/.test(f.path))) {
      const text = Buffer.from(await file.read()).toString()
      // A folder may hold files that are no manifests, such as values.
      if (isFolder && !text.includes('CustomResourceDefinition')) continue
      found.push(...parseManifests(isFolder ? `${path.replace(/\/$/, '')}/${file.path}` : path, text).map((m) => m.object))
    }
  }
  return found.filter((o) => o.kind === 'CustomResourceDefinition') as CustomResourceDefinition[]
}
