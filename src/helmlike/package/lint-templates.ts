// What `helm lint` says of the templates of a chart and of what they render to.
import { isDns1035Label, isDns1123Label, isDns1123Subdomain, isPathSegmentName } from '../../apimachinery/names.ts'
import { YamlError } from '../../apimachinery/yaml/error.ts'
import { type Capabilities, DEFAULT_API_VERSIONS, DEFAULT_KUBE_VERSION, parseKubeVersion } from '../chart/capabilities.ts'
import { type Chart, ChartError } from '../chart/chart.ts'
import { scalarText } from '../chart/metadata.ts'
import { extension } from '../functions/paths.ts'
import { LimitError } from '../gotemplate/run.ts'
import { isList, isMap, type Value, type ValueMap } from '../gotemplate/value.ts'
import { renderFiles } from '../render/render.ts'
import { RenderError } from '../render/render-error.ts'
import { parseYaml } from '../yaml/parse.ts'
import { deprecation } from './deprecated-apis.ts'
import type { Add, LintOptions } from './lint.ts'

const FOLDER = 'templates/'
const EXTENSIONS = ['.yaml', '.yml', '.tpl', '.txt']

/** Renders in lint mode, and looks at every file. */
export async function checkTemplates(chart: Chart, values: ValueMap, o: LintOptions, add: Add): Promise<void> {
  const kubeVersion = o.kubeVersion === undefined ? DEFAULT_KUBE_VERSION : parseKubeVersion(o.kubeVersion)
  const capabilities: Capabilities = { kubeVersion, apiVersions: DEFAULT_API_VERSIONS }
  let files: ReadonlyMap<string, string>
  try {
    files = await renderFiles(chart, values, {
      release: { name: 'test-release', namespace: o.namespace, revision: 1, isUpgrade: false },
      capabilities,
      skipSchemas: o.skipSchemas ?? false,
      loadSchema: o.loadSchema,
      skipVersionCheck: true,
      host: { lint: true, warn: o.warn ?? (() => {}) },
    })
  } catch (e) {
    if (!(e instanceof RenderError) && !(e instanceof ChartError) && !(e instanceof LimitError)) throw e
    const hint = 'hint' in e && typeof e.hint === 'string' ? ` (${e.hint})` : ''
    add('ERROR', FOLDER, e.message + hint)
    return
  }
  for (const t of chart.templates) {
    const ext = extension(t.name)
    if (!EXTENSIONS.includes(ext))
      add('ERROR', t.name, `file extension '${ext}' not valid. Valid extensions are .yaml, .yml, .tpl, or .txt`)
    if (!/\.ya?ml$/i.test(t.name)) continue
    const text = files.get(`${chart.metadata.name}/${t.name}`) ?? ''
    if (text.trim() !== '' && !checkFile(t.name, text, capabilities, add)) return
  }
}

/** Whether the file could be read to its end: after one that could not, Helm looks at no other. */
function checkFile(name: string, text: string, c: Capabilities, add: Add): boolean {
  const first = text.split('\n').find((line) => line.trim() !== '') ?? ''
  if (/^[ \t]/.test(first))
    add('WARNING', name, `document starts with an illegal indent: ${JSON.stringify(first)}, which may cause parsing problems`)
  // As they are: splitDocuments would take the first line's indentation away.
  for (const content of text.split(/^---.*$/m)) {
    if (content.trim() === '') continue
    let doc: Value
    try {
      doc = parseYaml(content)
    } catch (e) {
      if (!(e instanceof YamlError)) throw e
      add('ERROR', name, `unable to parse YAML: error converting YAML to JSON: ${e.message}`)
      return false
    }
    if (isMap(doc)) checkObject(name, doc, text, c, add)
  }
  return true
}

function checkObject(file: string, doc: ValueMap, text: string, { kubeVersion }: Capabilities, add: Add): void {
  const metadata = doc.get('metadata')
  const [apiVersion, kind] = [scalarText(doc.get('apiVersion')) ?? '', scalarText(doc.get('kind')) ?? '']
  const name = (isMap(metadata) ? scalarText(metadata.get('name')) : '') ?? ''
  const problems = nameProblems(kind.toLowerCase(), name)
  if (problems.length > 0) {
    const each = problems.map((p) => `metadata.name: Invalid value: ${JSON.stringify(name)}: ${p}`)
    add(
      'WARNING',
      file,
      `object name does not conform to Kubernetes naming requirements: ${JSON.stringify(name)}: ${each.length > 1 ? `[${each.join(', ')}]` : each[0]}`,
    )
  }
  const old = deprecation(apiVersion, kind, Number(kubeVersion.major), Number(kubeVersion.minor))
  if (old !== undefined) add('WARNING', file, old)
  if (/^(?:Deployment|ReplicaSet|DaemonSet|StatefulSet)$/.test(kind) && !/matchLabels|matchExpressions/.test(text))
    add('ERROR', file, `a ${kind} must contain matchLabels or matchExpressions, and ${JSON.stringify(name)} does not`)
  if (kind === 'List' && itemsOf(doc).some(hasPolicy))
    add('ERROR', file, "annotation 'helm.sh/resource-policy' within List objects are ignored")
}

function nameProblems(kind: string, name: string): readonly string[] {
  if (kind === 'service') return isDns1035Label(name)
  if (kind === 'namespace') return isDns1123Label(name)
  if (kind === 'certificatesigningrequest') return []
  if (/^(?:cluster)?role(?:binding)?$/.test(kind)) return isPathSegmentName(name)
  return isDns1123Subdomain(name)
}

function itemsOf(doc: ValueMap): ValueMap[] {
  const items = doc.get('items')
  return isList(items) ? items.filter(isMap) : []
}

function hasPolicy(item: ValueMap): boolean {
  const metadata = item.get('metadata')
  const annotations = isMap(metadata) ? metadata.get('annotations') : undefined
  return isMap(annotations) && annotations.has('helm.sh/resource-policy')
}
