// The namespace where no flag says one: that of the kubeconfig's context, as with Helm, also for what asks no cluster.
import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { YamlError } from '../../../apimachinery/yaml/error.ts'
import { isList, isMap, type Value, type ValueMap } from '../../../helmlike/gotemplate/value.ts'
import { parseYaml } from '../../../helmlike/yaml/parse.ts'
import type { Flags } from './flags.ts'
import { fromEnvironment } from './global-flags.ts'

/** --namespace, HELM_NAMESPACE, the context's, or `default`. A kubeconfig that cannot be read says nothing. */
export function namespaceOf(flags: Flags): string {
  const said = flags.get('namespace') ?? fromEnvironment('namespace')
  if (said !== undefined) return said
  const paths = flags.get('kubeconfig') ?? process.env.KUBECONFIG ?? join(home(), '.kube', 'config')
  return contextNamespace(paths.split(delimiter), flags.get('kube-context') ?? fromEnvironment('kube-context')) ?? 'default'
}

/** Loading node:os takes longer than a small chart's rendering. */
const home = () => process.env.HOME || process.getBuiltinModule('node:os').homedir()

/** Of several files the first one that says something wins. */
function contextNamespace(paths: readonly string[], context: string | undefined): string | undefined {
  const files = paths.map(read).filter((doc) => doc !== undefined)
  const current =
    context ?? files.map((doc) => doc.get('current-context')).find((name) => typeof name === 'string' && name !== '')
  const contexts = files.flatMap((doc) => {
    const list: Value = doc.get('contexts')
    return isList(list) ? list.filter(isMap) : []
  })
  const body = contexts.find((c) => c.get('name') === current)?.get('context')
  const namespace = isMap(body) ? body.get('namespace') : undefined
  return typeof namespace === 'string' && namespace !== '' ? namespace : undefined
}

function read(path: string): ValueMap | undefined {
  try {
    const doc = parseYaml(readFileSync(path, 'utf8'))
    return isMap(doc) ? doc : undefined
  } catch (e) {
    if (e instanceof YamlError || (e as NodeJS.ErrnoException).code !== undefined) return undefined
    throw e
  }
}
