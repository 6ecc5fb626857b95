import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, eventually, type Repository, startCluster } from './cluster.ts'

const test = suite('operators of a repository')
let c: Cluster
let repository: Repository

test.before(async () => {
  c = await startCluster()
  repository = await c.repository('ops')
})
test.after(() => c?.remove())

const operator = (module: string) =>
  `apiVersion: slipway.dev/v1alpha1\nkind: Operator\nmetadata: { name: greeters }\nspec: { module: ${module} }\n`
const greeter = `apiVersion: example.com/v1alpha1
kind: Greeter
metadata: { name: hello }
spec: { image: "slipway/demo-web:1", port: 8080 }
`
const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: greeters.example.com }
spec:
  group: example.com
  names: { kind: Greeter, plural: greeters, singular: greeter, listKind: GreeterList }
  scope: Namespaced
  versions:
    - name: v1alpha1
      served: true
      storage: true
      subresources: { status: {} }
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                image: { type: string }
                replicas: { type: integer, default: 1 }
                port: { type: integer, default: 80 }
            status: { type: object, x-kubernetes-preserve-unknown-fields: true }
`

test('an operator that is pushed runs, and what it is for becomes containers', async () => {
  repository.write('operators/greeter.ts', readFileSync('scaffold/operator/operator.ts', 'utf8'))
  repository.write('operator.yaml', operator('operators/greeter.ts'))
  repository.write('crds/greeters.yaml', definition)
  repository.write('hello.yaml', greeter)
  const push = await repository.push()
  assert.is(push.status, 0, push.stderr)
  await eventually('the Greeter is ready', async () => {
    const ready = await c.kubectl('get', 'greeter', 'hello', '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')
    return ready === 'True'
  })
  assert.match(await c.kubectl('get', 'deployment', 'hello'), /hello +1\/1/)
  assert.match(await c.kubectl('get', 'operators.slipway.dev'), /greeters +operators\/greeter\.ts +True +0/)
})

test('an operator whose module is not there, and a Composition with a mistake, make the push fail with file and line', async () => {
  repository.write('operator.yaml', operator('operators/none.ts'))
  const missing = await repository.push()
  assert.is(missing.status, 1)
  assert.match(missing.stderr, /operator\.yaml:4:9: .*spec\.module: the commit has no operators\/none\.ts/)
  repository.write('operator.yaml', operator('operators/greeter.ts'))
  const template = '{ apiVersion: v1, kind: ConfigMap, data: { a: "${schema.spec.nope}" } }'
  const schema = '{ group: example.com, kind: Note, spec: { text: string } }'
  repository.write(
    'note.yaml',
    `apiVersion: slipway.dev/v1alpha1\nkind: Composition\nmetadata: { name: note }\nspec:\n  schema: ${schema}\n  resources:\n    - id: map\n      template: ${template}\n`,
  )
  const wrong = await repository.push()
  assert.is(wrong.status, 1)
  assert.match(wrong.stderr, /note\.yaml:8:\d+: .*undefined field 'nope'/)
})

test('an operator that is taken out of the repository is ended, and its rights are gone', async () => {
  repository.remove('note.yaml')
  repository.remove('operator.yaml')
  const push = await repository.push()
  assert.is(push.status, 0, push.stderr)
  await eventually('the Operator is gone', async () => (await c.kubectl('get', 'operators.slipway.dev', '-o', 'name')) === '')
  await eventually('its rights are gone', async () => !/operator-greeters/.test(await c.kubectl('get', 'roles,serviceaccounts')))
})

test.run()
