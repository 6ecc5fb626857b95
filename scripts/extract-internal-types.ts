// Writes schemas/kubernetes/internal-types.json from kube-apiserver's sources: the structs its validation works on, whose JSON stands in its
// messages. Usage: node scripts/extract-internal-types.ts <module cache>/k8s.io (needs kubernetes@v1.36.3, apiextensions-apiserver and
// kube-aggregator v0.36.3 there).
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const kubernetes = 'kubernetes@v1.36.3/pkg/apis'
const groups = ['admissionregistration', 'apps', 'autoscaling', 'batch', 'certificates', 'core', 'discovery', 'flowcontrol']
groups.push('networking', 'node', 'policy', 'rbac', 'resource', 'scheduling', 'storage', 'coordination')
const files = new Map(groups.map((group) => [group, `${kubernetes}/${group}/types.go`]))
files.set('apiextensions', 'apiextensions-apiserver@v0.36.3/pkg/apis/apiextensions/types.go')
files.set('apiextensions ', 'apiextensions-apiserver@v0.36.3/pkg/apis/apiextensions/types_jsonschema.go')
files.set('apiregistration', 'kube-aggregator@v0.36.3/pkg/apis/apiregistration/types.go')

/** Go name, JSON name ('' for an embedded struct), type, omit (0 never, 1 empty, 3 zero): as in go-types.json. */
type Row = [goName: string, json: string, type: string, omit: 0 | 1 | 3]

const scalars: Record<string, string> = {
  string: 'string',
  bool: 'bool',
  int: 'int64',
  int32: 'int32',
  int64: 'int64',
  uint16: 'int32',
  float64: 'float64',
  'resource.Quantity': 'Quantity',
  'intstr.IntOrString': 'IntOrString',
  'metav1.Time': 'Time',
  'metav1.MicroTime': 'MicroTime',
  'metav1.Duration': 'Duration',
  'runtime.RawExtension': 'RawExtension',
  'runtime.Object': 'any',
  JSON: 'any',
  'types.UID': 'string',
  'types.NodeName': 'string',
  'metav1.ConditionStatus': 'string',
  'metav1.DeletionPropagation': 'string',
  'metav1.UID': 'string',
}
const packages: Record<string, string> = {
  metav1: 'meta/v1',
  v1: 'meta/v1',
  api: 'core',
  core: 'core',
  authentication: 'authentication',
}

const withoutComments = (source: string): string => source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '')

/** Named types that are no structs, by `group.Name`: their Go text. */
const named = new Map<string, string>()
const bodies = new Map<string, string>()

for (const [key, file] of files) {
  const group = key.trim()
  const path = join(process.argv[2] ?? '', file)
  if (!existsSync(path)) throw new Error(`${path} is not there: give the folder k8s.io of a Go module cache`)
  const source = withoutComments(readFileSync(path, 'utf8'))
  for (const [, name = '', body = ''] of source.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm))
    bodies.set(`${group}.${name}`, body)
  for (const [, name = '', text = ''] of source.matchAll(/^type (\w+) (?!struct|interface)(.+)$/gm))
    named.set(`${group}.${name}`, text.trim())
}

function typeText(group: string, go: string): string {
  if (go.startsWith('*')) return `*${typeText(group, go.slice(1))}`
  if (go === '[]byte') return 'bytes'
  if (go.startsWith('[]')) return `[]${typeText(group, go.slice(2))}`
  const map = /^map\[([\w.]+)\](.+)$/.exec(go)
  if (map) return `map<string>${typeText(group, map[2] ?? '')}`
  const scalar = scalars[go]
  if (scalar) return scalar
  const dot = go.indexOf('.')
  const path = dot < 0 ? `${group}.${go}` : `${packages[go.slice(0, dot)] ?? go.slice(0, dot)}.${go.slice(dot + 1)}`
  const alias = named.get(path)
  return alias === undefined ? path : typeText(path.slice(0, path.indexOf('.')), alias)
}

function rowsOf(group: string, body: string): Row[] {
  const rows: Row[] = []
  for (const line of body.split('\n')) {
    const parts = /^\s*([\w.*]+)(?:\s+([^\s`]+))?\s*(?:`(.*)`)?\s*$/.exec(line)
    if (!parts?.[1]) continue
    const [, first, type, tag = ''] = parts
    const [json, ...options] = (/json:"([^"]*)"/.exec(tag)?.[1] ?? '').split(',')
    const omit = options.includes('omitempty') ? 1 : options.includes('omitzero') ? 3 : 0
    const goName = type === undefined ? first.slice(first.lastIndexOf('.') + 1).replace('*', '') : first
    const name = json || (type === undefined ? '' : goName)
    if (json !== '-') rows.push([goName, name, typeText(group, type ?? first), omit])
  }
  return rows
}

const lines = [...bodies]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([path, body]) => {
    const rows = rowsOf(path.slice(0, path.indexOf('.')), body)
    return `${JSON.stringify(path)}:${JSON.stringify(rows)}`
  })
writeFileSync('schemas/kubernetes/internal-types.json', `{\n${lines.join(',\n')}\n}\n`)
