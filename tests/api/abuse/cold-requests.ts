/** Requests that are large, or work on what is large, each as the first of its sort that a process gets. */
export interface ColdRequest {
  readonly name: string
  /** What is created before. */
  readonly before?: readonly { readonly target: string; readonly body: string }[]
  readonly method: string
  readonly target: string
  readonly type?: string
  readonly body?: string
  readonly status: number
}

const configMaps = '/api/v1/namespaces/default/configmaps'

const members = (n: number, text: (i: number) => string) => Array.from({ length: n }, (_, i) => text(i)).join(',')
const keys = (n: number) => members(n, (i) => `"k${i}":"v"`)
const configMap = (name: string, rest: string, metadata = '') =>
  `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"${metadata}},${rest}}`

const manyKeys = [{ target: configMaps, body: configMap('many', `"data":{${keys(49_000)}}`) }]
const many = `${configMaps}/many`

export const coldRequests: readonly ColdRequest[] = [
  {
    name: 'merge patch of one key of many',
    before: manyKeys,
    method: 'PATCH',
    type: 'merge-patch+json',
    target: many,
    body: '{"data":{"z":"y"}}',
    status: 200,
  },
  {
    name: 'JSON patch of one key of many',
    before: manyKeys,
    method: 'PATCH',
    type: 'json-patch+json',
    target: many,
    body: '[{"op":"add","path":"/data/z","value":"y"}]',
    status: 200,
  },
  {
    name: 'strategic merge patch of one key of many',
    before: manyKeys,
    method: 'PATCH',
    type: 'strategic-merge-patch+json',
    target: many,
    body: '{"data":{"z":"y"}}',
    status: 200,
  },
  {
    name: 'apply of one key of many',
    before: manyKeys,
    method: 'PATCH',
    type: 'apply-patch+yaml',
    target: `${many}?fieldManager=m`,
    body: configMap('many', '"data":{"z":"y"}'),
    status: 200,
  },
  { name: 'DELETE of many keys', before: manyKeys, method: 'DELETE', target: many, status: 200 },
  {
    name: 'a Secret of many texts',
    method: 'POST',
    target: '/api/v1/namespaces/default/secrets',
    body: `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{${keys(45_000)}}}`,
    status: 201,
  },
  {
    name: 'apply of many finalizers',
    before: [{ target: configMaps, body: configMap('one', '"data":{"a":"b"}') }],
    method: 'PATCH',
    type: 'apply-patch+yaml',
    target: `${configMaps}/one?dryRun=All&fieldManager=m`,
    body: configMap('one', '"data":{}', `,"finalizers":[${members(90_000, (i) => `"a/k${i}"`)}]`),
    status: 200,
  },
]
