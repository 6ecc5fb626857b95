import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseAllDocuments } from 'yaml'
import { run as create, namesOf } from '../../../src/cli/operator/new.ts'
import { run } from '../../../src/cli/operator/package.ts'
import { said } from '../said.ts'

const packaged = suite<{ folder: string }>('slipway operator new and package', { folder: '' })
const before = process.cwd()
const main = join(import.meta.dirname, '../../../src/cli/main.ts')
const exec = promisify(execFile)

packaged.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'slipway-operator-'))
  process.chdir(context.folder)
  await said(create, 'web-shop', '--group', 'shops.example.org')
})
packaged.after(({ folder }) => {
  process.chdir(before)
  rmSync(folder, { recursive: true })
})

packaged('a new operator has its own names everywhere, and its definition', () => {
  assert.match(readFileSync('web-shop/operator.ts', 'utf8'), "kind: 'WebShop'")
  assert.match(readFileSync('web-shop/crds/webshops.shops.example.org.yaml', 'utf8'), 'plural: webshops')
  for (const file of ['README.md', 'example.yaml', 'package.json', 'operator.ts', 'operator.test.ts'])
    assert.not.match(readFileSync(join('web-shop', file), 'utf8'), /greeter/i)
})

packaged('a new operator passes its tests as they are', async () => {
  const { stdout } = await exec(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'operator', 'test'], {
    cwd: 'web-shop',
  })
  assert.match(stdout, /pass 2\n.*fail 0/)
})

packaged('names that no kind can have are refused with what to do', async () => {
  assert.equal(namesOf('my-db', undefined, 'a.org'), { folder: 'my-db', kind: 'MyDb', plural: 'mydbs', group: 'a.org' })
  assert.throws(() => namesOf('My DB', undefined, 'a.org'), /lower-case letters/)
  assert.throws(() => namesOf('db', 'my-db', 'a.org'), /CamelCase/)
  assert.throws(() => namesOf('db', undefined, 'here'), /domain name/)
  await assertRefused(() => said(create, 'web-shop'), /is there already/)
})

packaged('the image has what runs and nothing else, and starts', async () => {
  assert.is((await said(run, 'web-shop/operator.ts', '--base', 'node:24-slim', '--out', 'out')).status, 0)
  const app = 'out/image/rootfs/app'
  assert.ok(existsSync(join(app, 'operator/operator.ts')))
  assert.not.ok(existsSync(join(app, 'operator/operator.test.ts')), 'no tests')
  assert.not.ok(existsSync(join(app, 'slipway/src/api')), 'no server')
  assert.match(readFileSync('out/image/Dockerfile', 'utf8'), /^FROM node:24-slim$/m)
  const { stdout } = await exec(process.execPath, [join(app, 'main.mjs'), '--help'])
  assert.match(stdout, /slipway operator run/)
})

packaged('the chart gives the rights that the operator needs: everywhere, or in one namespace', async () => {
  await said(run, 'web-shop/operator.ts', '--base', 'x', '--out', 'out', '--image', 'registry.example.org/shop')
  const objects = async (...more: string[]) => {
    const { stdout } = await exec(process.execPath, [main, 'chart', 'template', 'shop', 'out/chart', ...more])
    return parseAllDocuments(stdout).map((d) => d.toJS())
  }
  const everywhere = await objects()
  const role = everywhere.find((o) => o.kind === 'ClusterRole')
  const rule = role.rules.find((r: { resources: string[] }) => r.resources[0] === 'deployments')
  assert.ok(rule.verbs.includes('delete'))
  assert.ok(everywhere.some((o) => o.kind === 'ClusterRoleBinding'))
  const crd = everywhere.find((o) => o.kind === 'CustomResourceDefinition')
  assert.is(crd.metadata.annotations['helm.sh/resource-policy'], 'keep')
  const deployment = everywhere.find((o) => o.kind === 'Deployment')
  assert.is(deployment.spec.template.spec.containers[0].image, 'registry.example.org/shop:0.1.0')
  const narrow = await objects('--set', 'watch.namespace=team', '--set', 'crds.install=false', '--namespace', 'ops')
  assert.not.ok(narrow.some((o) => o.kind === 'CustomResourceDefinition' || o.kind === 'Service'))
  const everywhereBound = narrow.filter((o) => o.kind === 'ClusterRoleBinding').map((o) => o.roleRef.name)
  const given = narrow.filter((o) => everywhereBound.includes(o.metadata.name)).flatMap((o) => o.rules ?? [])
  assert.equal(
    given.map((rule) => rule.apiGroups),
    [['apiextensions.k8s.io']],
    'only what has no namespace',
  )
  const bound = narrow.filter((o) => o.kind === 'RoleBinding').map((o) => o.metadata.namespace)
  assert.equal(bound.sort(), ['ops', 'team'])
})

packaged('an operator with webhooks has the Service by which they are found', async () => {
  const text = readFileSync('web-shop/operator.ts', 'utf8')
  writeFileSync(
    'web-shop/checked.ts',
    text.replace("owns: ['Deployment', 'Service'],", "owns: ['Deployment', 'Service'],\n  validate: () => [],"),
  )
  await said(run, 'web-shop/checked.ts', '--base', 'x', '--out', 'checked')
  const { stdout } = await exec(process.execPath, [main, 'chart', 'template', 'shop', 'checked/chart'])
  const objects = parseAllDocuments(stdout).map((d) => d.toJS())
  assert.is(objects.find((o) => o.kind === 'Service')?.metadata.name, 'webshop-webhooks')
})

packaged('an operator in the checkout is told from Slipway itself', async () => {
  const inside = join(import.meta.dirname, '../../../scaffold/operator/operator.ts')
  assert.is((await said(run, inside, '--base', 'x', '--out', 'inside')).status, 0)
  const app = 'inside/image/rootfs/app'
  assert.ok(existsSync(join(app, 'operator/operator.ts')) && existsSync(join(app, 'slipway/src/operators/public.ts')))
  const { stdout } = await exec(process.execPath, [join(app, 'main.mjs'), '--help'])
  assert.match(stdout, /slipway operator run/)
})

packaged('an import that leads out of the project is refused', async () => {
  writeFileSync('outside.ts', 'export const a = 1\n')
  writeFileSync(
    'web-shop/wrong.ts',
    "import { a } from '../outside.ts'\nexport { default } from './operator.ts'\nexport const b = a\n",
  )
  await assertRefused(() => said(run, 'web-shop/wrong.ts', '--base', 'x', '--out', 'out'), /outside\.ts is outside of .*web-shop/)
})

async function assertRefused(act: () => Promise<unknown>, why: RegExp): Promise<void> {
  let message = ''
  await act().catch((error: Error) => {
    message = error.message
  })
  assert.match(message, why)
}

packaged.run()
