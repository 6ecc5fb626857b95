import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, eventually, type Repository, run, startCluster } from './cluster.ts'

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
  repository.remove('note.yaml')
})

const widgets = (largest: number) => `
import { customResource, defineOperator, schema } from 'slipway/operators'
export const Widget = customResource({
  group: 'example.com', version: 'v1', kind: 'Widget',
  spec: schema.object({ size: schema.integer(), note: schema.string().optional() }),
  otherVersions: [{ version: 'v1alpha1', spec: schema.object({ length: schema.integer() }) }],
})
export default defineOperator({
  name: 'widgets', for: Widget, owns: [], reconcile: () => undefined,
  validate: (w) => (w.spec.size > ${largest} ? [{ field: 'spec.size', message: 'is too large', value: w.spec.size }] : []),
  mutate: (w) => void (w.spec.note ??= 'made by the webhook') as undefined,
  convert: { v1alpha1: {
    up: (old) => ({ ...old, spec: { size: old.spec.length } }),
    down: (w) => ({ ...w, spec: { length: w.spec.size } }),
  } },
})`
const widget = (name: string, version: string, spec: string) =>
  `apiVersion: example.com/${version}\nkind: Widget\nmetadata: { name: ${name} }\nspec: ${spec}\n`
const apply = (text: string) => c.tryKubectl(['apply', '-f', '-'], { input: text })
const readyOfWidgets = () =>
  c.kubectl('get', 'operators.slipway.dev', 'widgets', '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')

test('validating, mutating and conversion webhooks of an operator from Git work, over a restart of the server too', async () => {
  repository.write('operators/widgets.ts', widgets(9))
  repository.write('widgets.yaml', operator('operators/widgets.ts').replace('name: greeters', 'name: widgets'))
  const crds = await c.slipway(
    'operator',
    'crds',
    join(repository.folder, 'operators/widgets.ts'),
    '--out',
    join(repository.folder, 'crds'),
  )
  assert.is(crds.status, 0, crds.stderr)
  const push = await repository.push()
  assert.is(push.status, 0, push.stderr)
  await eventually('the operator runs', async () => (await readyOfWidgets()) === 'True')
  const webhooksWork = async (name: string) => {
    assert.is((await apply(widget(name, 'v1', '{ size: 3 }'))).status, 0)
    assert.is(await c.kubectl('get', 'widget', name, '-o', 'jsonpath={.spec.note}'), 'made by the webhook')
    assert.is(await c.kubectl('get', 'widgets.v1alpha1.example.com', name, '-o', 'jsonpath={.spec.length}'), '3')
    assert.is((await apply(widget(`${name}-old`, 'v1alpha1', '{ length: 4 }'))).status, 0)
    assert.is(await c.kubectl('get', 'widgets.v1.example.com', `${name}-old`, '-o', 'jsonpath={.spec.size}'), '4')
    const refused = await apply(widget(`${name}-big`, 'v1', '{ size: 10 }'))
    assert.is(refused.status, 1)
    assert.match(refused.stderr, /spec\.size: Invalid value: 10: is too large/)
  }
  await webhooksWork('first')
  await c.kill()
  await c.start()
  await eventually('the operator runs again', async () => (await readyOfWidgets()) === 'True')
  await eventually('its webhooks are asked again', () => webhooksWork('second').then(() => true))
  repository.remove('widgets.yaml')
  assert.is((await repository.push()).status, 0)
  await eventually('its webhooks are gone', async () => {
    const found = await c.kubectl('get', 'validatingwebhookconfigurations,mutatingwebhookconfigurations', '-o', 'name')
    if (/widgets\./.test(found)) throw new Error(`there are ${found}`)
    return true
  })
  const large = await apply(widget('large', 'v1', '{ size: 10 }'))
  assert.is(large.status, 0, large.stderr)
  const conversion = await c.kubectl('get', 'crd', 'widgets.example.com', '-o', 'jsonpath={.spec.conversion.strategy}')
  assert.is(conversion, 'None')
})

test('packages: of a lock they are installed during the push, in node_modules they are taken as they are', async () => {
  const padded = (from: string) => `import { defineOperator, resourceOf } from 'slipway/operators'
import pad from 'padding'
export default defineOperator({
  name: 'pads', for: resourceOf('ConfigMap'), owns: ['Secret'],
  reconcile({ object, child }): undefined {
    if (object.metadata.labels?.pad) child('Secret', { metadata: { annotations: { text: pad('${from}') } } })
  },
})`
  const textOf = () => c.kubectl('get', 'secret', 'a', '-o', 'jsonpath={.metadata.annotations.text}')
  const packed = join(repository.folder, 'pads/vendor')
  const local = { padding: 'file:vendor/padding-1.0.0.tgz' }
  repository.write('pads/vendor/package/package.json', '{ "name": "padding", "version": "1.0.0" }')
  repository.write('pads/vendor/package/index.js', "module.exports = (text) => '*** ' + text\n")
  execFileSync('tar', ['-czf', 'padding-1.0.0.tgz', 'package'], { cwd: packed })
  rmSync(join(packed, 'package'), { recursive: true })
  repository.write('pads/pads.ts', padded('a lock'))
  repository.write('pads/package.json', JSON.stringify({ name: 'pads', version: '1.0.0', type: 'module', dependencies: local }))
  repository.write('pads.yaml', operator('pads/pads.ts').replace('name: greeters', 'name: pads'))
  const refused = await repository.push()
  assert.is(refused.status, 1)
  assert.match(
    refused.stderr,
    /pads\.yaml:4:9: .*pads\/package\.json asks for padding, and there is no package-lock\.json: run npm install/,
  )
  const npm = await run('npm', ['install', '--package-lock-only', '--no-audit'], { cwd: join(repository.folder, 'pads') })
  assert.is(npm.status, 0, npm.stderr)
  const push = await repository.push()
  assert.is(push.status, 0, push.stderr)
  assert.match(push.stderr, /installing 1 package of pads\/package-lock\.json/)
  await c.kubectl('create', 'configmap', 'a')
  await c.kubectl('label', 'configmap', 'a', 'pad=yes')
  await eventually('the package of the lock is used', async () => (await textOf()) === '*** a lock')
  // The next server needs no registry for it.
  await c.kill()
  await c.start()
  repository.remove('pads/package-lock.json')
  repository.remove('pads/vendor/padding-1.0.0.tgz')
  repository.write('pads/package.json', '{ "type": "module" }')
  repository.write('pads/node_modules/padding/package.json', '{ "name": "padding", "type": "module", "exports": "./main.js" }')
  repository.write('pads/node_modules/padding/main.js', "export default (text) => '--- ' + text\n")
  repository.write('pads/pads.ts', padded('git'))
  const vendored = await repository.push()
  assert.is(vendored.status, 0, vendored.stderr)
  await eventually('the package of the repository is used', async () => (await textOf()) === '--- git')
})

test('an operator that is taken out of the repository is ended, and its rights are gone', async () => {
  repository.remove('operator.yaml')
  repository.remove('pads.yaml')
  const push = await repository.push()
  assert.is(push.status, 0, push.stderr)
  await eventually('the Operator is gone', async () => (await c.kubectl('get', 'operators.slipway.dev', '-o', 'name')) === '')
  await eventually('its rights are gone', async () => !/operator-greeters/.test(await c.kubectl('get', 'roles,serviceaccounts')))
})

test.run()
