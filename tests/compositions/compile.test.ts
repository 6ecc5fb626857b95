import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compileComposition } from '../../src/compositions/compile.ts'
import { orderOf } from '../../src/compositions/graph.ts'
import { composition, deployment, kinds, type Parts } from './kinds.ts'

async function problems(parts: Parts): Promise<string[]> {
  const found = await compileComposition(composition(parts), kinds)
  return 'problems' in found ? found.problems.map((p) => `${p.field}: ${p.message}`) : []
}
async function compiled(parts: Parts) {
  const found = await compileComposition(composition(parts), kinds)
  if ('problems' in found) throw new Error(JSON.stringify(found.problems))
  return found.compiled
}
const spec = { replicas: 'integer | default=1', image: 'string | required=true', hosts: '[]string', labels: 'map[string]string' }
const service = {
  id: 'service',
  template: { apiVersion: 'v1', kind: 'Service', spec: { selector: { app: '${deployment.metadata.name}' } } },
}

test('an expression that names a field which is not there is refused, with its place and the column', async () => {
  assert.equal(await problems({ spec, resources: [deployment({ replicas: '${schema.spec.replica}' })] }), [
    "spec.resources[0].template.spec.replicas: ${schema.spec.replica}: undefined field 'replica' at 12",
  ])
})

test('an expression whose type is not the type of its field is refused', async () => {
  const wrong = async (fields: object) => problems({ spec, resources: [deployment(fields)] })
  assert.equal(await wrong({ replicas: '${schema.spec.image}' }), [
    'spec.resources[0].template.spec.replicas: ${schema.spec.image}: is string, where integer is needed',
  ])
  assert.equal(
    await wrong({ replicas: '${schema.spec.replicas + 1}', image: '${schema.spec.image}:${schema.spec.replicas}' }),
    [],
  )
  assert.equal(await wrong({ replicas: 'x${schema.spec.replicas}' }), [
    'spec.resources[0].template.spec.replicas: is a text, where an integer is needed',
  ])
  assert.equal(await wrong({ replicas: 'three', paused: [] }), [
    'spec.resources[0].template.spec.replicas: is a string, where an integer is needed',
    'spec.resources[0].template.spec.paused: is a list, where a boolean is needed',
  ])
  assert.equal(await wrong({ image: '${schema.spec.hosts}-x' }), [
    'spec.resources[0].template.spec.image: ${schema.spec.hosts} is list(string), which has no place in a text: use string(…)',
  ])
})

test('lists and maps are checked in their parts; optionals fit where their value does', async () => {
  const data = async (value: unknown) =>
    problems({ spec, resources: [{ id: 'config', template: { apiVersion: 'v1', kind: 'ConfigMap', data: value } }] })
  assert.equal(await data('${schema.spec.labels}'), [])
  assert.equal(await data({ a: '${schema.spec.?image}' }), [])
  assert.equal(await data({ a: '${schema.spec.hosts}' }), [
    'spec.resources[0].template.data.a: ${schema.spec.hosts}: is list(string), where string is needed',
  ])
  assert.equal(await data('${{"a": 1}}'), [
    'spec.resources[0].template.data: ${{"a": 1}}: in its values: is int, where string is needed',
  ])
})

test('fields that a kind does not have are refused', async () => {
  assert.equal(await problems({ resources: [deployment({ replicaz: 3 })] }), [
    'spec.resources[0].template.spec.replicaz: there is no field "replicaz"',
  ])
})

test('a kind that the cluster does not serve is the one thing that is told', async () => {
  const app = { id: 'app', template: { apiVersion: 'a.b/v1', kind: 'App' } }
  const said = await problems({ resources: [app, service] })
  assert.equal(said, ['spec.resources[0].template.kind: the cluster serves no a.b/v1 App: is its definition missing?'])
})

test('resources are put in the order of their references; those that wait for each other are named', async () => {
  const { resources } = await compiled({ resources: [service, deployment()] })
  assert.equal(
    resources.map((r) => [r.id, [...r.dependsOn]]),
    [
      ['deployment', []],
      ['service', ['deployment']],
    ],
  )
  const loop = deployment({ image: '${service.spec.clusterIP}' })
  assert.equal(await problems({ resources: [service, loop] }), [
    'spec.resources[0]: these wait for each other: service → deployment → service',
  ])
  assert.equal(orderOf(new Map([['a', new Set(['a'])]])), { cycle: ['a', 'a'] })
})

test('readyWhen is about the object itself, includeWhen about others; both are true or false', async () => {
  const own = '${deployment.status.readyReplicas == deployment.spec.replicas}'
  assert.equal(
    await problems({ spec, resources: [deployment({}, { readyWhen: [own], includeWhen: ['${schema.spec.replicas > 0}'] })] }),
    [],
  )
  assert.equal(
    await problems({ spec, resources: [deployment({}, { readyWhen: ['${schema.spec.replicas}'], includeWhen: ['${1}', 'x'] })] }),
    [
      'spec.resources[0].includeWhen[0]: ${1} is int, where true or false is needed',
      'spec.resources[0].includeWhen[1]: must be one expression, written ${…}, not "x"',
      "spec.resources[0].readyWhen[0]: ${schema.spec.replicas}: undeclared reference to 'schema'",
    ],
  )
  assert.equal(await problems({ resources: [deployment({ image: '${deployment.metadata.name}' })] }), [
    'spec.resources[0]: deployment cannot refer to itself, except in readyWhen',
  ])
})

test('forEach needs a list, and a name that is made of its items', async () => {
  const each = (list: string, name: string) => ({
    id: 'configs',
    forEach: [{ name: 'host', in: list }],
    template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { host: '${host}' } },
  })
  assert.equal(await problems({ spec, resources: [each('${schema.spec.hosts}', 'x-${host}')] }), [])
  assert.equal(await problems({ spec, resources: [each('${schema.spec.hosts}', 'x')] }), [
    'spec.resources[0].template.metadata.name: must be made of host, so that each object has a name of its own',
  ])
  const said = await problems({ spec, resources: [each('${schema.spec.replicas}', 'x-${host}')] })
  assert.is(said[0], 'spec.resources[0].forEach[0].in: ${schema.spec.replicas} is int, where a list is needed')
})

test('what owner references cannot say is refused: no namespace, or another', async () => {
  const namespace = { id: 'space', template: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } } }
  assert.match((await problems({ resources: [namespace] }))[0] ?? '', /template\.kind: a Namespace has no namespace/)
  const elsewhere = { id: 'config', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'other' } } }
  assert.match(
    (await problems({ resources: [elsewhere] }))[0] ?? '',
    /metadata\.namespace: objects are in the namespace of their WebApp/,
  )
  assert.match((await problems({ resources: [deployment()], more: { scope: 'Cluster' } }))[0] ?? '', /needs a namespace/)
})

test('the kind that is made has the short schema, the types of its status, and shows whether it is ready', async () => {
  const status = { ready: '${deployment.status.readyReplicas}', url: 'http://${deployment.metadata.name}' }
  const { kind } = await compiled({ spec, status, resources: [deployment()] })
  const [version] = kind.definition.spec.versions ?? []
  const properties = version?.schema?.openAPIV3Schema?.properties
  assert.equal(properties?.spec?.required, ['image'])
  assert.is(properties?.status?.properties?.ready?.type, 'integer')
  assert.is(properties?.status?.properties?.url?.type, 'string')
  assert.ok(version?.subresources?.status)
  assert.equal(
    version?.additionalPrinterColumns?.map((c) => c.name),
    ['Ready', 'Age'],
  )
})

test('problems of the short schema and of rules are told too', async () => {
  assert.equal(
    await problems({ spec: { a: 'text' }, resources: [deployment()] }).then((p) => p[0]?.slice(0, 45)),
    'spec.schema.spec.a: there is no type "text"; ',
  )
  const rules = [{ rule: 'self.spec.nope' }]
  assert.match(
    (await problems({ spec, resources: [deployment()], more: { rules } }))[0] ?? '',
    /spec\.schema: .*undefined field 'nope'/,
  )
})

test.run()
