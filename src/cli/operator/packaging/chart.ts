import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import type { PolicyRule } from '../../../apimachinery/kinds.generated.ts'
import type { CustomResourceDefinition } from '../../../crd/definition/definition.ts'

const templates = join(import.meta.dirname, '../../../../scaffold/chart')

interface OperatorChart {
  readonly name: string
  readonly version: string
  readonly repository: string
  /** What the service account may do. */
  readonly rules: readonly PolicyRule[]
  /** The Service by which the API server finds its webhooks; '': it has none. */
  readonly webhookService: string
  readonly definitions: readonly CustomResourceDefinition[]
}

/** Writes a chart that installs an operator to the folder `out`. */
export function writeOperatorChart(out: string, chart: OperatorChart): void {
  for (const file of globSync('**/*', { cwd: templates, withFileTypes: true }).filter((e) => e.isFile())) {
    const path = join(file.parentPath, file.name)
    write(join(out, path.slice(templates.length + 1)), named(readFileSync(path, 'utf8'), chart))
  }
  write(join(out, 'rules.yaml'), stringify(chart.rules))
  write(join(out, 'cluster-rules.yaml'), stringify(chart.rules.filter(isOfCluster)))
  for (const definition of chart.definitions) {
    const annotations = { ...definition.metadata.annotations, 'helm.sh/resource-policy': 'keep' }
    const kept = { ...definition, metadata: { ...definition.metadata, annotations } }
    write(
      join(out, 'definitions', `${definition.metadata.name}.yaml`),
      stringify(kept, { lineWidth: 0, aliasDuplicateObjects: false }),
    )
  }
}

const clusterGroups = new Set(['apiextensions.k8s.io', 'admissionregistration.k8s.io'])
const isOfCluster = ({ apiGroups = [] }: PolicyRule): boolean => apiGroups.every((g) => clusterGroups.has(g))

const named = (text: string, { name, version, repository, webhookService }: OperatorChart): string =>
  text
    .replace('webhookService: ""', `webhookService: ${JSON.stringify(webhookService)}`)
    .replace('repository: greeter', `repository: ${repository}`)
    .replaceAll('greeter', name)
    .replace('version: 0.1.0', `version: ${version}`)
    .replace('appVersion: "0.1.0"', `appVersion: ${JSON.stringify(version)}`)

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
