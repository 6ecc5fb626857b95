import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, eventually, type Repository, startCluster } from './cluster.ts'

const test = suite('git push')
let c: Cluster
let repository: Repository

test.before(async () => {
  c = await startCluster()
  repository = await c.repository('shop')
})
test.after(() => c?.remove())

const web = (options: { image?: string; replicas?: string } = {}) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: ${options.replicas ?? '2'}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: ${options.image ?? 'slipway/demo-web:1'}
`
const settings = (mode: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { mode: ${mode} }\n`

test('the first push makes an Application, shows what it creates, and with -o wait ends when all is ready', async () => {
  repository.write('web.yaml', web())
  repository.write('config/settings.yaml', settings('a'))
  const push = await repository.push('-o', 'wait')
  assert.is(push.status, 0, push.stderr)
  assert.match(push.stderr, /remote: .*2 to create, 0 to change, 0 to delete/)
  assert.match(push.stderr, /remote: +\+ create deployment\.apps\/web/)
  assert.match(push.stderr, /remote: +\+ create configmap\/settings/)
  assert.match(push.stderr, /remote: .*deployment\/web: .*(waiting|updated)/)
  assert.match(push.stderr, /remote: .*shop is ready/)
  assert.match(await c.kubectl('get', 'deployment', 'web'), /web +2\/2/)
  assert.match(await c.kubectl('get', 'applications.argoproj.io', '-n', 'argocd'), /shop +Synced +Healthy/)
})

test('a change is shown field by field, and carried out', async () => {
  repository.write('web.yaml', web({ replicas: '3' }))
  const push = await repository.push('-o', 'wait')
  assert.is(push.status, 0, push.stderr)
  assert.match(push.stderr, /remote: +~ change deployment\.apps\/web/)
  assert.match(push.stderr, /remote: +spec\.replicas: 2 → 3/)
  assert.match(await c.kubectl('get', 'deployment', 'web'), /web +3\/3/)
})

test('a manifest that the API refuses makes the push fail with file, line and reason, and changes nothing', async () => {
  repository.write('config/settings.yaml', settings('b'))
  repository.write('web.yaml', web({ replicas: 'three' }))
  const push = await repository.push()
  assert.is(push.status, 1)
  assert.match(push.stderr, /web\.yaml:5:3: .*spec\.replicas/)
  assert.match(push.stderr, /remote rejected/)
  assert.is(await c.kubectl('get', 'configmap', 'settings', '-o', 'jsonpath={.data.mode}'), 'a')
  repository.write('web.yaml', web().replace('image:', 'imagee:'))
  const misspelled = await repository.push()
  assert.match(
    misspelled.stderr,
    /web\.yaml:12:11: Deployment web: \.spec\.template\.spec\.containers\[name="web"\]\.imagee: field not declared in schema/,
  )
  repository.write('web.yaml', web({ replicas: '3' }))
  assert.is((await repository.push('-o', 'wait')).status, 0)
})

test('drift is healed: what somebody changes in the cluster comes back', async () => {
  await c.kubectl('scale', 'deployment/web', '--replicas=1')
  await eventually(
    'replicas are 3 again',
    async () => (await c.kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.spec.replicas}')) === '3',
    15,
  )
  await c.kubectl('delete', 'configmap', 'settings')
  await eventually('the ConfigMap is back', () => c.kubectl('get', 'configmap', 'settings'), 15)
})

test("a removed file's objects are deleted", async () => {
  repository.remove('config/settings.yaml')
  const push = await repository.push('-o', 'wait')
  assert.match(push.stderr, /remote: +- delete configmap\/settings/)
  await eventually(
    'it is gone',
    async () => (await c.tryKubectl(['get', 'configmap', 'settings'])).stderr.includes('not found'),
    15,
  )
})

test('a push that would delete everything is refused', async () => {
  repository.remove('web.yaml')
  repository.write('README', 'empty')
  const push = await repository.push()
  assert.is(push.status, 1)
  assert.match(push.stderr, /this would delete all 1 objects/)
  repository.write('web.yaml', web({ replicas: '3' }))
  assert.is((await repository.push()).status, 0)
})

test('with -o wait a push whose image cannot be had ends non-zero with the reason', async () => {
  repository.write('web.yaml', web({ image: 'no.such.registry.invalid/none:1', replicas: '1' }))
  const push = await repository.push('-o', 'wait=60')
  assert.is(push.status, 1)
  assert.match(push.stderr, /ErrImagePull|ImagePullBackOff/)
  repository.write('web.yaml', web({ replicas: '1' }))
  assert.is((await repository.push('-o', 'wait')).status, 0)
})

test('slipway status, diff, logs and repo see it', async () => {
  const status = JSON.parse((await c.slipway('status', '-o', 'json')).stdout) as {
    applications: { name: string; health: string }[]
  }
  assert.equal(
    status.applications.map((a) => `${a.name} ${a.health}`),
    ['shop Healthy'],
  )
  repository.write('web.yaml', web({ replicas: '2' }))
  const diff = await c.slipway('diff', repository.folder, '--app', 'shop')
  assert.is(diff.status, 1, diff.stderr)
  assert.match(diff.stdout, /spec\.replicas: 1 → 2/)
  assert.match((await c.slipway('logs', 'shop')).stdout, /demo-web version 1/)
  assert.match((await c.slipway('repo', 'list')).stdout, /shop +https:\/\/127\.0\.0\.1:\d+\/git\/shop\.git/)
})

test('two pushes at once to one repository: one is taken, the other is told to fetch first, and both arrive in the end', async () => {
  const clones = await Promise.all([c.repository('shop'), c.repository('shop')])
  for (const [i, clone] of clones.entries())
    clone.write(`one-of-two-${i}.yaml`, settings('x').replace('settings', `one-of-two-${i}`))
  const pushes = await Promise.all(clones.map((clone) => clone.push()))
  assert.equal(pushes.map((p) => p.status).sort(), [0, 1])
  const late = pushes.findIndex((p) => p.status === 1)
  assert.match(pushes[late]?.stderr ?? '', /rejected/)
  const loser = clones[late]
  assert.is((await loser?.pull())?.status, 0)
  assert.is((await loser?.push('-o', 'wait'))?.status, 0)
  await c.kubectl('get', 'configmap', 'one-of-two-0', 'one-of-two-1')
})

test('pushes to several repositories at once are each carried out', async () => {
  const names = ['left', 'middle', 'right']
  const pushes = await Promise.all(
    names.map(async (name) => {
      const repository = await c.repository(name)
      repository.write('a.yaml', settings(name).replace('settings', `of-${name}`))
      return repository.push('-o', 'wait')
    }),
  )
  for (const push of pushes) assert.is(push.status, 0, push.stderr)
  assert.is((await c.kubectl('get', 'configmaps', '-o', 'name')).match(/of-(left|middle|right)/g)?.length, 3)
})

test('a namespace and objects in it come with one push; deleting the Application deletes them', async () => {
  const other = await c.repository('team/other')
  other.write(
    'all.yaml',
    `apiVersion: v1\nkind: Namespace\nmetadata: { name: other }\n---\n${settings('x').replace('{ name: settings }', '{ name: settings, namespace: other }')}`,
  )
  const push = await other.push('-o', 'wait')
  assert.is(push.status, 0, push.stderr)
  await c.kubectl('get', 'configmap', 'settings', '-n', 'other')
  await c.kubectl('delete', 'application', 'team-other', '-n', 'argocd', '--timeout=60s')
  await eventually(
    'the namespace is gone',
    async () => (await c.tryKubectl(['get', 'namespace', 'other'])).stderr.includes('not found'),
    30,
  )
})

test.run()
