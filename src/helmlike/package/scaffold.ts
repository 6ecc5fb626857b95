// A new chart to start from: one workload, its Service, probes, limits, and a test.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ChartError } from '../chart/chart.ts'
import { loadChart } from '../chart/load.ts'
import { fromBytes, toBytes } from '../gotemplate/bytes.ts'
import { archiveName, packageChart } from './archive.ts'

const CHART = `apiVersion: v2
name: NAME
description: What NAME is for
type: application
version: 0.1.0
appVersion: "1.0.0"
`
const VALUES = `# How many pods run; ignored when autoscaling is on.
replicas: 1

image:
  repository: nginx
  # The chart's appVersion when empty.
  tag: ""
  pullPolicy: IfNotPresent

service:
  type: ClusterIP
  port: 80

resources:
  requests: {cpu: 50m, memory: 64Mi}
  limits: {memory: 128Mi}

ingress:
  enabled: false
  className: ""
  host: NAME.local

nodeSelector: {}
tolerations: []
affinity: {}
`
const HELPERS = `{{- define "NAME.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "NAME.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "NAME.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "NAME.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
`
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "NAME.fullname" . }}
  labels: {{- include "NAME.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {{- include "NAME.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "NAME.labels" . | nindent 8 }}
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          imagePullPolicy: {{ .Values.image.pullPolicy }}
          ports:
            - name: http
              containerPort: 80
          readinessProbe:
            httpGet: {path: /, port: http}
          {{- with .Values.resources }}
          resources: {{- toYaml . | nindent 12 }}
          {{- end }}
      {{- with .Values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
`
const SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: {{ include "NAME.fullname" . }}
  labels: {{- include "NAME.labels" . | nindent 4 }}
spec:
  type: {{ .Values.service.type }}
  selector: {{- include "NAME.selectorLabels" . | nindent 4 }}
  ports:
    - name: http
      port: {{ .Values.service.port }}
      targetPort: http
`
const INGRESS = `{{- if .Values.ingress.enabled }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ include "NAME.fullname" . }}
  labels: {{- include "NAME.labels" . | nindent 4 }}
spec:
  {{- with .Values.ingress.className }}
  ingressClassName: {{ . }}
  {{- end }}
  rules:
    - host: {{ .Values.ingress.host | quote }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {{ include "NAME.fullname" . }}
                port: {name: http}
{{- end }}
`
const TEST = `apiVersion: v1
kind: Pod
metadata:
  name: {{ include "NAME.fullname" . }}-test
  labels: {{- include "NAME.labels" . | nindent 4 }}
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  restartPolicy: Never
  containers:
    - name: wget
      image: busybox
      command: [wget, -qO-, "{{ include "NAME.fullname" . }}:{{ .Values.service.port }}"]
`
const NOTES = `{{ .Release.Name }} runs in {{ .Release.Namespace }}. To reach it from here:

  kubectl -n {{ .Release.Namespace }} port-forward service/{{ include "NAME.fullname" . }} 8080:{{ .Values.service.port }}
`
const IGNORE = '.DS_Store\n.git/\n.gitignore\n*.swp\n*.bak\n*.tmp\n*.orig\n*~\n.idea/\n.vscode/\n'

const FILES: { readonly [path: string]: string } = {
  'Chart.yaml': CHART,
  'values.yaml': VALUES,
  '.helmignore': IGNORE,
  'templates/_helpers.tpl': HELPERS,
  'templates/deployment.yaml': DEPLOYMENT,
  'templates/service.yaml': SERVICE,
  'templates/ingress.yaml': INGRESS,
  'templates/tests/connection.yaml': TEST,
  'templates/NOTES.txt': NOTES,
}

/** Writes a new chart into `folder`/`name`; its path. Never overwrites. Throws ChartError. */
export function createChart(name: string, folder: string): string {
  const root = newRoot(name, folder)
  for (const [path, text] of Object.entries(FILES)) write(join(root, path), text.replaceAll('NAME', name))
  return root
}

/** A new chart of the files of another one, in which `<CHARTNAME>` stands for the name, as Helm's starters have it. Throws ChartError. */
export function createFromStarter(name: string, folder: string, starter: string): string {
  const root = newRoot(name, folder)
  if (!existsSync(join(starter, 'Chart.yaml'))) throw new ChartError(`could not load ${starter}: no such chart`)
  const chart = loadChart(starter)
  const named = (data: Buffer) => fromBytes(data).replaceAll('<CHARTNAME>', name)
  write(join(root, 'Chart.yaml'), STARTED.replaceAll('NAME', name))
  for (const f of chart.raw) if (f.name === 'values.yaml') write(join(root, f.name), named(f.data))
  if (chart.schema) write(join(root, 'values.schema.json'), chart.schema)
  for (const f of chart.templates) write(join(root, f.name), named(f.data))
  for (const f of chart.files) write(join(root, f.name), f.data)
  for (const sub of chart.dependencies) write(join(root, 'charts', archiveName(sub)), packageChart(sub))
  return root
}

/** Chart.yaml of a chart made of a starter. */
const STARTED = `apiVersion: v2
appVersion: 0.1.0
description: A Helm chart for Kubernetes
name: NAME
type: application
version: 0.1.0
`

function newRoot(name: string, folder: string): string {
  if (!/^[a-zA-Z0-9._-]+$/.test(name) || name.length > 250 || /^\.+$/.test(name))
    throw new ChartError(`chart name must match the regular expression "^[a-zA-Z0-9._-]+$"`)
  const root = join(folder, name)
  if (existsSync(join(root, 'Chart.yaml'))) throw new ChartError(`${root} holds a chart already`)
  return root
}

function write(path: string, data: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, typeof data === 'string' ? toBytes(data) : data)
}
