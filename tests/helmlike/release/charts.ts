import type { Chart } from '../../../src/helmlike/chart/chart.ts'
import { chartFromFiles } from '../../../src/helmlike/chart/load.ts'

/** A chart in memory: templates by file name. */
export function chartOf(templates: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}): Chart {
  const all: [string, string][] = [
    ['Chart.yaml', 'apiVersion: v2\nname: web\nversion: 1.0.0\n'],
    ...Object.entries(files),
    ...Object.entries(templates).map(([name, text]): [string, string] => [`templates/${name}`, text]),
  ]
  return chartFromFiles(all.map(([name, text]) => ({ name, data: Buffer.from(text) })))
}

export const deployment = (image: string, replicas = 1): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}"}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: "{{ .Release.Name }}"}}
  template:
    metadata: {labels: {app: "{{ .Release.Name }}"}}
    spec: {containers: [{name: web, image: "${image}"}]}
`

export const configMap = (name: string, value: string, annotations: Readonly<Record<string, string>> = {}): string =>
  `apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}, annotations: ${JSON.stringify(annotations)}}
data: {value: "${value}"}
`

/** A Job that is a hook. */
export const hookJob = (
  name: string,
  image: string,
  annotations: Readonly<Record<string, string>>,
): string => `apiVersion: batch/v1
kind: Job
metadata:
  name: ${name}
  annotations: ${JSON.stringify(annotations)}
spec:
  backoffLimit: 0
  template:
    spec: {restartPolicy: Never, containers: [{name: job, image: "${image}"}]}
`
