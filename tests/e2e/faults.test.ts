import { existsSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, eventually, run, startCluster } from './cluster.ts'
import { dockerAt } from './docker.ts'

const test = suite('faults')
let c: Cluster

test.before(async () => {
  c = await startCluster({ nodes: 2 })
  await c.kubectl('create', 'deployment', 'steady', '--image=slipway/demo-web:1', '--replicas=3')
  await c.kubectl('wait', '--for=condition=Available', 'deployment/steady', '--timeout=60s')
})
test.after(() => c?.remove())

/** Ids of running containers and the pods they belong to, without sandboxes, of one app. */
const containersOf = async (app: string): Promise<string[]> =>
  (await dockerAt(c.docker.host).listContainers())
    .filter(({ Labels }) => Labels['io.kubernetes.pod.name']?.startsWith(`${app}-`))
    .filter(({ Labels }) => Labels['io.kubernetes.container.name'] !== 'POD')
    .map(({ Id, Labels }) => `${Id} ${Labels['io.kubernetes.pod.name']}`)
    .sort()

test('a second start adopts what runs: no container is restarted', async () => {
  const before = await containersOf('steady')
  assert.is(before.length, 3)
  await c.kill()
  await c.start()
  await c.kubectl('wait', '--for=condition=Available', 'deployment/steady', '--timeout=60s')
  await eventually('both nodes are ready', async () => (await c.kubectl('get', 'nodes')).match(/ Ready /g)?.length === 2)
  assert.equal(await containersOf('steady'), before)
})

test('kill -9 in the middle of a rollout: it converges, nothing is orphaned, nothing else is restarted', async () => {
  const steady = await containersOf('steady')
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
    const owners = (await containersOf('moving')).map((line) => line.split(' ')[1] ?? '')
    return owners.length === 4 && owners.every((name) => pods.includes(name))
  })
  assert.equal(await containersOf('steady'), steady)
})

test('the Docker daemon is restarted: pods come back', async () => {
  if (!c.docker.isOurs) return console.error("the machine's own daemon is left alone: run this where none is running")
  await c.docker.restart()
  await eventually('all containers run again', async () => (await containersOf('steady')).length === 3, 90)
  await c.kubectl('wait', '--for=jsonpath={.status.readyReplicas}=3', 'deployment/steady', '--timeout=90s')
  await c.kubectl('create', 'deployment', 'later', '--image=slipway/demo-web:1')
  await c.kubectl('wait', '--for=condition=Available', 'deployment/later', '--timeout=60s')
})

test('down --purge leaves no container, network, rule or file', async () => {
  const cluster = readFileSync(`${c.folder}/data/cluster-id`, 'utf8').trim()
  const down = await c.slipway('down', '--purge')
  assert.is(down.status, 0, down.stderr)
  const daemon = dockerAt(c.docker.host)
  const filters = { label: [`io.slipway.cluster=${cluster}`] }
  assert.equal(await daemon.listContainers({ all: true, filters }), [])
  assert.equal(await daemon.listNetworks({ filters }), [])
  for (const dump of ['nft list ruleset', 'iptables-save', 'iptables-legacy-save']) {
    const [program = '', ...args] = dump.split(' ')
    const rules = await run(program, args)
    if (rules.status === 0) assert.not.match(rules.stdout, /slipway/i, dump)
  }
  assert.not.match(JSON.stringify(networkInterfaces()), /10\.41\.0\.|10\.42\.0\.1"/)
  assert.not(existsSync(`${c.folder}/data`))
  assert.not(readFileSync('/proc/self/mountinfo', 'utf8').includes(c.folder))
})

test.run()
