import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../../eventually.ts'
import { asking } from './asking.ts'
import { longestTurn, mostTurnMs } from './turns.ts'

/** Bodies as full as they may be, of kinds whose own rules have to look at each part: read, defaulted, validated and written in turns. */
const { ask } = await asking()
const json = { 'content-type': 'application/json' }
const dry = '?dryRun=All'
const configMaps = '/api/v1/namespaces/default/configmaps'
const pods = '/api/v1/namespaces/default/pods'
const policies = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies'
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const gadgets = '/apis/abuse.io/v1/namespaces/default/gadgets'

const members = (n: number, text: (i: number) => string) => Array.from({ length: n }, (_, i) => text(i)).join(',')

const pod = (name: string, containers: string, more = '') =>
  `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"${name}"},"spec":{"containers":[${containers}]${more}}}`

const podOfTexts = (name: string, n: number, text: (i: number) => string) =>
  pod(name, `{"name":"c","image":"i","env":[${members(n, (i) => `{"name":"E${i}","value":"${text(i)}"}`)}]}`)

const policy = (n: number, first: number) =>
  `{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"p"},"spec":{"podSelector":{},"ingress":[{"from":[${members(
    n,
    (i) => `{"ipBlock":{"cidr":"${first}.${i >> 8}.${i & 255}.0/24","except":["${first}.${i >> 8}.${i & 255}.8/32"]}}`,
  )}]}]}}`

const definition = (plural: string, kind: string, spec: string) =>
  `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"${plural}.abuse.io"},"spec":{"group":"abuse.io","scope":"Namespaced","names":{"plural":"${plural}","kind":"${kind}"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":${spec}}}}}]}}`

const rule = (i: number) => `{"rule":"${Array.from({ length: 80 }, (_, j) => `self.a != 'x${i}y${j}'`).join(' && ')}"}`
const rules = `{"type":"object","properties":{"a":{"type":"string"}},"x-kubernetes-validations":[${members(200, rule)}]}`

const gadget = (spec: string) => `{"apiVersion":"abuse.io/v1","kind":"Gadget","metadata":{"name":"g"},"spec":{${spec}}}`
const gadgetSpec =
  '{"type":"object","properties":{"items":{"type":"array","items":{"type":"object","properties":{"d":{"type":"integer","default":3}}}},"m":{"type":"object","additionalProperties":{"type":"string"}}}}'

const applied = (n: number) =>
  `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"applied"},"data":{${members(n, (i) => `"k${i}":"v"`)}}}`

interface Full {
  readonly name: string
  readonly target: string
  readonly body: string
  readonly status: number
  readonly method?: string
  readonly type?: string
}

const full: readonly Full[] = [
  {
    name: 'empty containers',
    target: `${pods}${dry}`,
    body: pod(
      'p',
      members(45_000, () => '{}'),
    ),
    status: 422,
  },
  {
    name: 'volumes',
    target: `${pods}${dry}`,
    body: pod('p', '{"name":"c","image":"i"}', `,"volumes":[${members(12_000, (i) => `{"name":"v${i}","emptyDir":{}}`)}]`),
    status: 201,
  },
  {
    name: 'values from files in volumes',
    target: `${pods}${dry}`,
    body: pod(
      'p',
      `{"name":"c","image":"i","env":[${members(2500, (i) => `{"name":"E${i}","valueFrom":{"fileKeyRef":{"key":"K","path":"f","volumeName":"none"}}}`)}]}`,
      `,"volumes":[${members(6000, (i) => `{"name":"v${i}","emptyDir":{}}`)}]`,
    ),
    status: 422,
  },
  {
    name: 'a refused change of many texts',
    method: 'PUT',
    target: `${pods}/texts${dry}`,
    body: podOfTexts('texts', 3000, () => `b${'x'.repeat(100)}`),
    status: 422,
  },
  {
    name: 'a refused change of texts that are there many times',
    method: 'PUT',
    target: `${pods}/again${dry}`,
    body: podOfTexts('again', 6000, (i) => String((i * 7919) % 150)),
    status: 422,
  },
  {
    name: 'a template of containers',
    target: `/apis/apps/v1/namespaces/default/deployments${dry}`,
    body: `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[${members(15_000, (i) => `{"name":"a${i}","image":"b"}`)}]}}}}`,
    status: 201,
  },
  {
    name: 'strategic merge patch: keys',
    method: 'PATCH',
    type: 'strategic-merge-patch+json',
    target: `${configMaps}/one${dry}`,
    body: `{"data":{${members(49_000, (i) => `"k${i}":"v"`)}}}`,
    status: 200,
  },
  {
    name: 'apply: one key of those that the manager applied before',
    method: 'PATCH',
    type: 'apply-patch+yaml',
    target: `${configMaps}/applied${dry}&fieldManager=m`,
    body: applied(1),
    status: 200,
  },
  {
    name: 'texts of a Secret',
    target: `/api/v1/namespaces/default/secrets${dry}`,
    body: `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{${members(48_000, (i) => `"k${i}":"v"`)}}}`,
    status: 201,
  },
  {
    name: 'addresses of Endpoints',
    target: `/api/v1/namespaces/default/endpoints${dry}`,
    body: `{"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"e"},"subsets":[{"addresses":[${members(30_000, (i) => `{"ip":"10.0.${i >> 8}.${i & 255}"}`)}],"ports":[{"port":80}]}]}`,
    status: 201,
  },
  {
    name: 'blocks of a NetworkPolicy that replace others',
    method: 'PUT',
    target: `${policies}/p${dry}`,
    body: policy(8000, 11),
    status: 200,
  },
  {
    name: 'properties of a definition',
    target: `${definitions}${dry}`,
    body: definition('wides', 'Wide', `{"type":"object","properties":{${members(8000, (i) => `"p${i}":{"type":"string"}`)}}}`),
    status: 201,
  },
  { name: 'long rules of a definition', target: `${definitions}${dry}`, body: definition('ruled', 'Ruled', rules), status: 201 },
  {
    name: 'long expressions of a policy',
    target: `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies${dry}`,
    body: `{"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicy","metadata":{"name":"v"},"spec":{"matchConstraints":{"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["pods"]}]},"validations":[${members(200, (i) => rule(i).replace('rule', 'expression').replaceAll('self.a', 'object.metadata.name'))}]}}`,
    status: 201,
  },
  {
    name: 'merge patch: members of a custom object',
    method: 'PATCH',
    type: 'merge-patch+json',
    target: `${gadgets}/map${dry}`,
    body: `{"spec":{"m":{${members(48_000, (i) => `"k${i}":"w"`)}}}}`,
    status: 200,
  },
  {
    name: 'members of a custom object that are pruned',
    target: `${gadgets}${dry}`,
    body: gadget(members(45_000, (i) => `"u${i}":1`)),
    status: 201,
  },
  {
    name: 'members of a custom object that are defaulted',
    target: `${gadgets}${dry}`,
    body: gadget(`"items":[${members(45_000, () => '{}')}]`),
    status: 201,
  },
]

test.before(async () => {
  const made: [string, string][] = [
    [configMaps, '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"}}'],
    [pods, podOfTexts('texts', 3000, () => `a${'x'.repeat(100)}`)],
    [pods, podOfTexts('again', 6000, (i) => String(i % 150))],
    [policies, policy(8000, 10)],
  ]
  const create = async (target: string, body: string) => assert.is((await ask('POST', target, body, json)).status, 201, target)
  for (const [target, body] of made) await create(target, body)
  const apply = { 'content-type': 'application/apply-patch+yaml' }
  assert.is((await ask('PATCH', `${configMaps}/applied?fieldManager=m`, applied(40_000), apply)).status, 201)
  await create(definitions, definition('gadgets', 'Gadget', gadgetSpec))
  // Served when the definition is established.
  await eventually(async () => (await ask('GET', gadgets)).status === 200)
  const map = `"m":{${members(48_000, (i) => `"k${i}":"v"`)}}`
  await create(gadgets, gadget(map).replace('"g"', '"map"'))
})

for (const { name, target, body, status, method = 'POST', type = 'json' } of full) {
  test(`nearly as many as a body may have, ${name}: nobody waits 50 ms for it`, async () => {
    const bytes = Buffer.from(body)
    const headers = { 'content-type': `application/${type}` }
    // Compiled once, as in a server that has run for a while.
    await ask(method, target, bytes, headers)
    let answer = { status: 0, text: '' }
    const turn = await longestTurn(async () => {
      answer = await ask(method, target, bytes, headers)
    })
    assert.is(answer.status, status, answer.text.slice(0, 300))
    assert.ok(turn < mostTurnMs, `a turn took ${turn} ms`)
  })
}

test.run()
