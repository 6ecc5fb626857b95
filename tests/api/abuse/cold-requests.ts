/** Requests that are large, or work on what is large, each as the first of its sort that a process gets. */
interface ColdRequest {
  readonly name: string
  /** What is created before. */
  readonly before?: readonly { readonly target: string; readonly body: string }[]
  readonly method: string
  readonly target: string
  readonly type?: string
  readonly accept?: string
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

const thousands = Array.from({ length: 5000 }, (_, i) => ({ target: configMaps, body: configMap(`c${i}`, '"data":{"a":"b"}') }))

const finalizers = (n: number) => members(n, (i) => `"a/k${i}"`)

const gadgets = '/apis/abuse.io/v1/namespaces/default/gadgets'
const gadgetSpec =
  '{"type":"object","properties":{"m":{"type":"object","additionalProperties":{"type":"string"}},"keyed":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"},"v":{"type":"string"}}}}}}'
const gadgetDefinition = {
  target: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  body: `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"gadgets.abuse.io"},"spec":{"group":"abuse.io","scope":"Namespaced","names":{"plural":"gadgets","kind":"Gadget"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":${gadgetSpec}}}}}]}}`,
}
const gadget = (spec: string, name = 'g') =>
  `{"apiVersion":"abuse.io/v1","kind":"Gadget","metadata":{"name":"${name}"},"spec":{${spec}}}`
const keyed = (n: number, value: string) => `"keyed":[${members(n, (i) => `{"k":"k${i}","v":"${value}"}`)}]`

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
    body: configMap('one', '"data":{}', `,"finalizers":[${finalizers(90_000)}]`),
    status: 200,
  },
  {
    name: 'a custom object whose keyed items replace others',
    before: [gadgetDefinition, { target: gadgets, body: gadget(keyed(15_000, 'v')) }],
    method: 'PATCH',
    type: 'merge-patch+json',
    target: `${gadgets}/g`,
    body: `{"spec":{${keyed(15_000, 'w')}}}`,
    status: 200,
  },
  {
    name: 'a custom object whose members replace others',
    before: [gadgetDefinition, { target: gadgets, body: gadget(`"m":{${keys(48_000)}}`) }],
    method: 'PATCH',
    type: 'merge-patch+json',
    target: `${gadgets}/g`,
    body: `{"spec":{"m":{${members(48_000, (i) => `"k${i}":"w"`)}}}}`,
    status: 200,
  },
  {
    name: 'a custom object of unknown members',
    before: [gadgetDefinition, { target: gadgets, body: gadget('"m":{}') }],
    method: 'POST',
    target: `${gadgets}?fieldValidation=Ignore`,
    body: gadget(
      members(45_000, (i) => `"u${i}":1`),
      'unknown',
    ),
    status: 201,
  },
  {
    name: 'a YAML list of thousands',
    before: thousands,
    method: 'GET',
    target: configMaps,
    accept: 'application/yaml',
    status: 200,
  },
  {
    name: 'a Table of thousands',
    before: thousands,
    method: 'GET',
    target: configMaps,
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    status: 200,
  },
  {
    name: 'a patch that takes out tens of thousands of finalizers',
    before: [{ target: configMaps, body: configMap('one', '"data":{}', `,"finalizers":[${finalizers(30_000)}]`) }],
    method: 'PATCH',
    type: 'strategic-merge-patch+json',
    target: `${configMaps}/one?dryRun=All`,
    body: `{"metadata":{"$deleteFromPrimitiveList/finalizers":[${finalizers(30_000)}]}}`,
    status: 200,
  },
  {
    name: 'DELETE of what tens of thousands of finalizers hold',
    before: [{ target: configMaps, body: configMap('held', '"data":{}', `,"finalizers":[${finalizers(30_000)}]`) }],
    method: 'DELETE',
    target: `${configMaps}/held`,
    status: 200,
  },
]
