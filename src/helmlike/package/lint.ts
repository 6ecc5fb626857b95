// What is wrong, or could be better, with a chart.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Chart, ChartError } from '../chart/chart.ts'
import { missingDependencies } from '../chart/dependencies.ts'
import { loadChart } from '../chart/load.ts'
import { LimitError } from '../gotemplate/run.ts'
import { isMap, type ValueMap } from '../gotemplate/value.ts'
import { RenderError } from '../render/errors.ts'
import { render } from '../render/render.ts'
import { YamlError } from '../yaml/error.ts'
import { parseYaml } from '../yaml/parse.ts'

export interface Finding {
  readonly severity: 'INFO' | 'WARNING' | 'ERROR'
  readonly path: string
  readonly message: string
}
export interface LintOptions {
  readonly namespace: string
  readonly strict: boolean
  readonly skipSchemas?: boolean
}

const REMOVED_APIS: ReadonlyMap<string, string> = new Map([
  ['extensions/v1beta1 Deployment', 'apps/v1'],
  ['extensions/v1beta1 DaemonSet', 'apps/v1'],
  ['extensions/v1beta1 Ingress', 'networking.k8s.io/v1'],
  ['networking.k8s.io/v1beta1 Ingress', 'networking.k8s.io/v1'],
  ['apps/v1beta1 Deployment', 'apps/v1'],
  ['apps/v1beta2 Deployment', 'apps/v1'],
  ['apps/v1beta1 StatefulSet', 'apps/v1'],
  ['apps/v1beta2 StatefulSet', 'apps/v1'],
  ['batch/v1beta1 CronJob', 'batch/v1'],
  ['policy/v1beta1 PodDisruptionBudget', 'policy/v1'],
  ['policy/v1beta1 PodSecurityPolicy', 'Pod Security Admission'],
  ['rbac.authorization.k8s.io/v1beta1 Role', 'rbac.authorization.k8s.io/v1'],
  ['autoscaling/v2beta1 HorizontalPodAutoscaler', 'autoscaling/v2'],
  ['autoscaling/v2beta2 HorizontalPodAutoscaler', 'autoscaling/v2'],
  ['apiextensions.k8s.io/v1beta1 CustomResourceDefinition', 'apiextensions.k8s.io/v1'],
])

/** Checks a chart's folder or archive with the values laid over its own. Never throws for what the chart does wrong. */
export async function lintChart(path: string, values: ValueMap, o: LintOptions): Promise<Finding[]> {
  const findings: Finding[] = []
  const add = (severity: Finding['severity'], at: string, message: string) => findings.push({ severity, path: at, message })
  const isFolder = existsSync(path) && statSync(path).isDirectory()
  if (isFolder && !existsSync(join(path, 'Chart.yaml'))) {
    add('ERROR', path, 'unable to check Chart.yaml file in chart: no such file')
    return findings
  }
  let chart: Chart
  try {
    chart = loadChart(path)
  } catch (e) {
    if (!(e instanceof ChartError)) throw e
    add('ERROR', path, e.message)
    return findings
  }
  if (isFolder && basename(path) !== chart.metadata.name && !/^\.+$/.test(basename(path))) {
    add('INFO', 'Chart.yaml', `the folder is named ${basename(path)}, the chart ${chart.metadata.name}`)
  }
  checkMetadata(chart, path, isFolder, add)
  if (!chart.values) add('INFO', 'values.yaml', 'file does not exist')
  const missing = missingDependencies(chart)
  if (missing.length > 0) add('WARNING', path, `chart directory is missing these dependencies: ${missing.join(',')}`)
  if (chart.templates.length === 0) add('WARNING', 'templates/', 'directory does not exist or is empty')
  else await checkTemplates(chart, values, o, add)
  return findings
}

type Add = (severity: Finding['severity'], at: string, message: string) => void

function checkMetadata(c: Chart, path: string, isFolder: boolean, add: Add): void {
  const m = c.metadata
  if (m.icon === '') add('INFO', 'Chart.yaml', 'icon is recommended')
  if (m.apiVersion !== 'v1' && m.apiVersion !== 'v2')
    add('ERROR', 'Chart.yaml', `apiVersion '${m.apiVersion}' is not valid. The value must be either "v1" or "v2"`)
  if (m.apiVersion === 'v1' && m.type !== '')
    add('ERROR', 'Chart.yaml', "chart type is not valid in apiVersion 'v1'. It is valid in apiVersion 'v2'")
  for (const maintainer of m.maintainers) {
    if (maintainer.name === '') add('ERROR', 'Chart.yaml', 'each maintainer requires a name')
    if (maintainer.email !== '' && !/^[^@\s]+@[^@\s]+$/.test(maintainer.email))
      add('ERROR', 'Chart.yaml', `invalid email '${maintainer.email}' for maintainer '${maintainer.name}'`)
  }
  for (const url of m.sources) if (!URL.canParse(url)) add('ERROR', 'Chart.yaml', `invalid source URL '${url}'`)
  if (!isFolder) return
  try {
    const doc = parseYaml(readFileSync(join(path, 'Chart.yaml'), 'utf8'))
    if (!isMap(doc)) return
    for (const key of ['version', 'appVersion']) {
      const v = doc.get(key)
      if (typeof v === 'number') add('ERROR', 'Chart.yaml', `${key} should be of type string but it's of type float64`)
    }
  } catch (e) {
    if (!(e instanceof YamlError)) throw e
    add('ERROR', 'Chart.yaml', `unable to parse YAML: ${e.message}`)
  }
}

async function checkTemplates(c: Chart, values: ValueMap, o: LintOptions, add: Add): Promise<void> {
  for (const t of c.templates) {
    if (/\.(?:ya?ml|tpl|txt|json)$/.test(t.name)) continue
    add('WARNING', t.name, 'file extension not valid. Valid extensions are .yaml, .yml, .tpl, or .txt')
  }
  try {
    const rendered = await render(c, values, {
      release: { name: 'test-release', namespace: o.namespace, revision: 1, isUpgrade: false },
      strict: o.strict,
      skipSchemas: o.skipSchemas ?? false,
      host: { lint: true, warn: (message) => add('INFO', 'templates/', message) },
    })
    for (const m of [...rendered.manifests, ...rendered.hooks]) checkManifest(m, add)
  } catch (e) {
    if (!(e instanceof RenderError) && !(e instanceof ChartError) && !(e instanceof LimitError)) throw e
    const hint = e instanceof RenderError && e.hint ? ` (${e.hint})` : ''
    add('ERROR', e instanceof ChartError ? 'values.yaml' : 'templates/', e.message + hint)
  }
}

function checkManifest(m: { path: string; apiVersion: string; kind: string; name: string; object: unknown }, add: Add): void {
  if (m.object === null || m.object === undefined) return
  const newer = REMOVED_APIS.get(`${m.apiVersion} ${m.kind}`)
  if (newer) add('WARNING', m.path, `${m.apiVersion} ${m.kind} is no longer served by Kubernetes: use ${newer}`)
  if (m.kind === '') add('ERROR', m.path, 'object has no kind')
  if (m.apiVersion === '') add('ERROR', m.path, `${m.kind || 'object'} has no apiVersion`)
  if (m.kind !== '' && !m.kind.endsWith('List') && !/^(?:[a-zA-Z0-9]([-a-zA-Z0-9.:_]*[a-zA-Z0-9])?)$/.test(m.name)) {
    add('ERROR', m.path, `object name does not conform to Kubernetes naming requirements: ${JSON.stringify(m.name)}`)
  }
}
