// Charts for the comparison with real Helm: a folder of them, and a repository of their archives.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { loadChart } from '../../../src/helmlike/chart/load.ts'
import { archiveName, packageChart } from '../../../src/helmlike/package/archive.ts'
import { writeIndex } from '../../../src/helmlike/package/repository-index.ts'

export function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}

const chartYaml = (name: string, version: string, more = '') => `apiVersion: v2\nname: ${name}\nversion: ${version}\n${more}`
const object = (kind: string, name: string, more = '') => `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: ${name}\n${more}`

/** A chart with all that `show` and `template` have a flag for. */
export const WEB = {
  'Chart.yaml': chartYaml(
    'web',
    '1.2.3',
    'appVersion: "9.1"\ndescription: A web server & more\nicon: https://example.com/i.png\nkeywords: [http, www]\n',
  ),
  'values.yaml': '# how many\nreplicas: 2\nimage: {repository: nginx, tag: "1.27"}\nports: [80, 443]\n',
  'README.md': '# web\n\nA web server.\n',
  'crds/a.yaml': 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: as.example.com\n',
  'crds/b.yaml': '---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: bs.example.com\n',
  'templates/config.yaml': object(
    'ConfigMap',
    '{{ .Release.Name }}-config',
    'data:\n  kube: {{ .Capabilities.KubeVersion.Version | quote }}\n  api: {{ .Capabilities.APIVersions.Has "example.com/v1" | quote }}\n  upgrade: {{ .Release.IsUpgrade | quote }}\n  namespace: {{ .Release.Namespace }}\n',
  ),
  'templates/service.yaml': object(
    'Service',
    '{{ .Release.Name }}',
    'spec:\n  ports:\n    {{- range .Values.ports }}\n    - port: {{ . }}\n    {{- end }}\n',
  ),
  'templates/hooks/job.yaml': object('Pod', '{{ .Release.Name }}-job', '  annotations:\n    helm.sh/hook: pre-install\n'),
  'templates/tests/test.yaml': object('Pod', '{{ .Release.Name }}-test', '  annotations:\n    helm.sh/hook: test\n'),
  'templates/NOTES.txt': 'Hello {{ .Release.Name }}\n',
}

/** Charts with something to say about each, and the same once packaged: everything below `root`. */
export function writeCharts(root: string): void {
  write(join(root, 'web'), WEB)
  write(join(root, 'library'), {
    'Chart.yaml': chartYaml('library', '0.1.0', 'type: library\n'),
    'templates/_x.tpl': '{{ define "x" }}x{{ end }}',
  })
  write(join(root, 'plain'), { 'Chart.yaml': chartYaml('plain', '0.1.0') })
  write(join(root, 'bad'), {
    'Chart.yaml':
      'apiVersion: v1\nname: bad\nversion: "1.0"\nappVersion: 1.5\ntype: application\nmaintainers: [{email: x}]\nsources: [nowhere]\nfoo: bar\n',
    'values.yaml': 'a: x\n',
    'values.schema.json': '{"properties":{"a":{"type":"integer"}}}',
    'templates/a.yaml': '  apiVersion: v1\n  kind: ConfigMap\n',
  })
  write(join(root, 'old'), {
    'Chart.yaml': chartYaml('old', '1.0.0', 'icon: https://example.com/i.png\n'),
    'values.yaml': '{}\n',
    'templates/a.yaml':
      'apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata:\n  name: Old_Name\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n---\napiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: c}\n',
    'templates/b.sh': 'x\n',
    'templates/list.yaml':
      'apiVersion: v1\nkind: List\nitems:\n  - metadata:\n      annotations: {helm.sh/resource-policy: keep}\n',
  })
  write(join(root, 'odd'), {
    'Chart.yaml': chartYaml(
      'odd',
      '1.2.00',
      'tillerVersion: x\nengine: y\nDescription: d\nappversion: 1\nicon: https://example.com/i.png\n',
    ),
    'values.yaml': '{}\n',
    'templates/a.yaml': object('ConfigMap', 'a', 'data: {a: "{{ required "a is missing" .Values.a }}{{ fail "no" }}"}\n'),
  })
  write(join(root, 'broken'), {
    'Chart.yaml': chartYaml('broken', '1.0.0', 'icon: https://example.com/i.png\n'),
    'values.yaml': '{}\n',
    'templates/a.yaml': 'a: {{ .Values.x.y }}\n',
  })
  write(join(root, 'parent'), {
    'Chart.yaml': chartYaml(
      'parent',
      '1.0.0',
      'icon: https://example.com/i.png\ndependencies:\n' +
        ['good ^1.0.0', 'gone 1.0.0', 'older >=2.0.0', 'open 1.0.0', 'torn 1.0.0', 'many 1.0.0']
          .map((d) => d.split(' '))
          .map(([name, version]) => `  - {name: ${name}, version: "${version}", repository: "https://example.com/charts"}\n`)
          .join(''),
    ),
    'values.yaml': '{}\n',
    'templates/a.yaml': object('ConfigMap', 'a'),
    'charts/open/Chart.yaml': chartYaml('open', '1.0.0'),
    'charts/extra/Chart.yaml': chartYaml('extra', '1.0.0'),
    'charts/torn-1.0.0.tgz.txt': '',
  })
  for (const [name, version] of [
    ['good', '1.4.0'],
    ['older', '1.0.0'],
    ['many', '1.0.0'],
    ['many', '1.1.0'],
  ] as const) {
    const folder = join(root, 'sources', `${name}-${version}`)
    write(folder, { 'Chart.yaml': chartYaml(name, version) })
    const chart = loadChart(folder)
    writeFileSync(join(root, 'parent/charts', archiveName(chart)), packageChart(chart))
  }
}

/** Archives and index.yaml of a repository below `root`; URLs are relative. */
export function writeRepository(root: string): void {
  const wanted = [
    ['postgres', '1.0.0', 'A relational database'],
    ['postgres', '2.0.0', 'A relational database'],
    ['postgres', '2.1.0-rc.1', 'A relational database'],
    ['pgbouncer', '0.3.0', 'Pools connections to postgres, which is a database that many programs of ours talk to all the time'],
    ['redis', '7.0.0', 'Keeps keys'],
    ['edge', '0.1.0-alpha', 'Unfinished'],
  ] as const
  const charts = wanted.map(([name, version, description]) => {
    const folder = join(root, 'sources', `${name}-${version}`)
    const keywords = name === 'redis' ? 'keywords: [cache, postgres-free]\n' : ''
    write(folder, {
      'Chart.yaml': chartYaml(name, version, `description: ${description}\nappVersion: "${version[0]}"\n${keywords}`),
    })
    const chart = loadChart(folder)
    const archive = packageChart(chart)
    writeFileSync(join(root, archiveName(chart)), archive)
    return { chart, archive }
  })
  writeFileSync(join(root, 'index.yaml'), writeIndex(charts, { url: '', created: new Date('2026-01-02T03:04:05Z') }))
  writeFileSync(join(root, 'none.tgz'), gzipSync('no chart'))
}
