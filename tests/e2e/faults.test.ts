import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, eventually, startCluster } from './cluster.ts'

const test = suite('faults')
let c: Cluster

test.before(async () => {
  c = await startCluster({ nodes: 2 })
  await c.kubectl('create', 'deployment', 'steady', '--image=slipway/demo-web:1', '--replicas=3')
  await c.kubectl('wait', '--for=condition=Available', 'deployment/steady', '--timeout=60s')
})
test.after(() => c?.remove())

const docker = (...args: string[]) => execFileSync('docker', ['-H', c.docker.host, ...args], { encoding: 'utf8' })
/** Container ids by pod, without sandboxes, of one app. */
const containersOf = (app: string) =>
  docker('ps', '--no-trunc', '--format', '{{.ID}} {{.Label "io.kubernetes.pod.name"}} {{.Label "io.kubernetes.container.name"}}')
    .split('\n')
    .filter((line) => line.includes(` ${app}-`) && !/ POD$/.test(line))
    .sort()

test('a second start adopts what runs: no container is restarted', async () => {
  const before = containersOf('steady')
  assert.is(before.length, 3)
  await c.kill()
  await c.start()
  await c.kubectl('wait', '--for=condition=Available', 'deployment/steady', '--timeout=60s')
  await eventually('both nodes are ready', async () => (await c.kubectl('get', 'nodes')).match(/ Ready /g)?.length === 2)
  assert.equal(containersOf('steady'), before)
})

test('kill -9 in the middle of a rollout: it converges, nothing is orphaned, nothing else is restarted', async () => {
  const steady = containersOf('steady')
  await c.kubectl('create', 'deployment', 'moving', '--image=slipway/demo-web:1', '--replicas=4')
  await c.kubectl('rollout', 'status', 'deployment/moving', '--timeout=90s')
  await c.kubectl('set', 'image', 'deployment/moving', 'demo-web=slipway/demo-web:2')
  await eventually(
    'the rollout has begun',
    async () => (await c.kubectl('get', 'rs', '-l', 'app=moving', '-o', 'name')).split('\n').filter(Boolean).length === 2,
  )
  await c.kill()
  await c.start()
  await c.kubectl('rollout', 'status', 'deployment/moving', '--timeout=120s')
  const pods = await eventually('four pods of the new version are left', async () => {
    const names = (await c.kubectl('get', 'pods', '-l', 'app=moving', '-o', 'jsonpath={.items[*].metadata.name}')).split(' ')
    return names.length === 4 && names
  })
  await eventually('every container belongs to a pod', async () => {
    const owners = containersOf('moving').map((line) => line.split(' ')[1] ?? '')
    return owners.length === 4 && owners.every((name) => pods.includes(name))
  })
  assert.equal(containersOf('steady'), steady)
})

test('the Docker daemon is restarted: pods come back', async () => {
  if (!c.docker.isOurs) return console.error("the machine's own daemon is left alone: run this where none is running")
  await c.docker.restart()
  await eventually('all containers run again', async () => containersOf('steady').length === 3, 90)
  await c.kubectl('wait', '--for=jsonpath={.status.readyReplicas}=3', 'deployment/steady', '--timeout=90s')
  await c.kubectl('create', 'deployment', 'later', '--image=slipway/demo-web:1')
  await c.kubectl('wait', '--for=condition=Available', 'deployment/later', '--timeout=60s')
})

test('down --purge leaves no container, network, rule or file', async () => {
  const cluster = readFileSync(`${c.folder}/data/cluster-id`, 'utf8').trim()
  const down = await c.slipway('down', '--purge')
  assert.is(down.status, 0, down.stderr)
  assert.is(docker('ps', '-aq', '--filter', `label=io.slipway.cluster=${cluster}`).trim(), '')
  assert.is(docker('network', 'ls', '-q', '--filter', `label=io.slipway.cluster=${cluster}`).trim(), '')
  assert.not.match(execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' }), /table ip6? slipway/)
  assert.throws(() => execFileSync('ls', [`${c.folder}/data`], { stdio: 'pipe' }))
})

test.run()
