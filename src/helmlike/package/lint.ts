// What is wrong, or could be better, with a chart: the rules of `helm lint`, in its words and order.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { YamlError } from '../../apimachinery/yaml/error.ts'
import { readArchive } from '../chart/archive.ts'
import { type Chart, ChartError, crdsOf } from '../chart/chart.ts'
import { loadChart } from '../chart/load.ts'
import { scalarText } from '../chart/metadata.ts'
import { checkSchema } from '../chart/schema.ts'
import type { LoadSchema } from '../chart/schema-check.ts'
import { coalesceTables } from '../chart/values.ts'
import { copyMap, isMap, type Value, type ValueMap } from '../gotemplate/value.ts'
import { splitDocuments } from '../render/manifests.ts'
import { parseYaml } from '../yaml/parse.ts'
import { checkChartFile, checkDependencies } from './lint-chartfile.ts'
import { checkTemplates } from './lint-templates.ts'

export interface Finding {
  readonly severity: 'INFO' | 'WARNING' | 'ERROR'
  readonly path: string
  readonly message: string
}
export interface LintOptions {
  readonly namespace: string
  readonly skipSchemas?: boolean
  readonly loadSchema?: LoadSchema
  /** Kubernetes' version, for `.Capabilities` and for what it deprecates. */
  readonly kubeVersion?: string | undefined
  /** Told what templates miss, which keeps nobody from linting them. */
  readonly warn?: (message: string) => void
}
export type Add = (severity: Finding['severity'], at: string, message: string) => void

/** Checks a chart's folder or archive with the values laid over its own. Throws ChartError for what is no chart at all. */
export async function lintChart(path: string, values: ValueMap, o: LintOptions): Promise<Finding[]> {
  const findings: Finding[] = []
  const add: Add = (severity, at, message) => findings.push({ severity, path: at, message })
  const chartFile = chartFileOf(path)
  checkChartFile(chartFile, add)
  let chart: Chart
  try {
    chart = loadChart(path)
  } catch (e) {
    if (!(e instanceof ChartError)) throw e
    add('ERROR', 'templates/', e.message)
    add('ERROR', '', `unable to load chart\n\t${e.message}`)
    return findings
  }
  await checkValues(chart, values, o, add)
  if (!hasTemplates(path, chart)) add('WARNING', 'templates/', 'directory does not exist')
  else await checkTemplates(chart, values, o, add)
  checkDependencies(chart, resolve(path), add)
  checkCrds(chart, add)
  return findings
}

/** Whether there is a folder of templates, be it an empty one. */
const hasTemplates = (path: string, chart: Chart): boolean =>
  chart.templates.length > 0 || (statSync(path).isDirectory() && existsSync(join(path, 'templates')))

/** The text of Chart.yaml. Throws ChartError where there is none. */
function chartFileOf(path: string): string {
  const missing = new ChartError(
    `unable to check Chart.yaml file in chart: stat ${join(path, 'Chart.yaml')}: no such file or directory`,
  )
  if (!existsSync(path)) throw missing
  if (statSync(path).isDirectory()) {
    if (!existsSync(join(path, 'Chart.yaml'))) throw missing
    return readFileSync(join(path, 'Chart.yaml'), 'utf8')
  }
  const file = readArchive(readFileSync(path)).find((f) => f.name === 'Chart.yaml')
  if (!file) throw missing
  return file.data.toString('utf8')
}

/** The chart's own values with the user's over them, against its own schema; those of dependencies come with the templates. */
async function checkValues(chart: Chart, values: ValueMap, o: LintOptions, add: Add): Promise<void> {
  if (!chart.raw.some((f) => f.name === 'values.yaml')) {
    add('INFO', 'values.yaml', 'file does not exist')
    return
  }
  if (!chart.schema || o.skipSchemas) return
  const all = coalesceTables(copyMap(values), copyMap(chart.values ?? new Map()), '', false, () => {})
  const problems = await checkSchema(chart.schema, all, o.loadSchema)
  if (problems !== '') add('ERROR', 'values.yaml', problems)
}

function checkCrds(chart: Chart, add: Add): void {
  for (const crd of crdsOf({ ...chart, dependencies: [] })) {
    for (const { content } of splitDocuments(crd.data.toString('utf8'))) {
      let doc: Value
      try {
        doc = parseYaml(content)
      } catch (e) {
        if (!(e instanceof YamlError)) throw e
        add('ERROR', crd.path, `unable to parse YAML: error converting YAML to JSON: ${e.message}`)
        return
      }
      if (!isMap(doc)) continue
      const text = (key: string) => scalarText(doc.get(key)) ?? ''
      if (!text('apiVersion').startsWith('apiextensions.k8s.io'))
        add('ERROR', crd.path, "apiVersion is not in 'apiextensions.k8s.io'")
      if (text('kind') !== 'CustomResourceDefinition') add('ERROR', crd.path, "object kind is not 'CustomResourceDefinition'")
    }
  }
}
