import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, eventually, run, startCluster } from './cluster.ts'

/** Services where nftables is not used. What each kind of Service does is held by tests/network/proxy/contract.test.ts. */
const test = suite('Services by iptables')
let c: Cluster

test.before(async () => {
  c = await startCluster({ proxy: 'iptables' })
  await c.kubectl('create', 'deployment', 'web', '--image=slipway/demo-web:1', '--replicas=2')
  await c.kubectl('expose', 'deployment', 'web', '--type=NodePort', '--port=80')
  await c.kubectl('wait', '--for=condition=Available', 'deployment/web', '--timeout=60s')
})
test.after(() => c?.remove())

test('status tells which it is', async () => {
  assert.match((await c.slipway('status')).stdout, /Services by iptables \((nf_tables|legacy)\)/)
  assert.match(JSON.parse(readFileSync(`${c.folder}/data/run.json`, 'utf8')).proxy, /^iptables/)
})

test('a pod reaches the Service and itself by its name; the machine by its node port', async () => {
  const ask = () => c.kubectl('exec', 'deploy/web', '--', 'wget', '-qO-', 'http://web/cgi-bin/index.cgi')
  const names = new Set<string>()
  await eventually('both pods have answered', async () => names.add(await ask()).size === 2, 30)
  const port = await c.kubectl('get', 'service', 'web', '-o', 'jsonpath={.spec.ports[0].nodePort}')
  const page = await eventually('it answers', async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).text(), 20)
  assert.is(page, 'ok\n')
})

test('endpoints follow the pods', async () => {
  await c.kubectl('scale', 'deployment', 'web', '--replicas=0')
  const port = await c.kubectl('get', 'service', 'web', '-o', 'jsonpath={.spec.ports[0].nodePort}')
  const refused = () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      () => false,
      (error: Error) => (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED',
    )
  await eventually('nobody answers', refused, 40)
})

test('down --purge leaves no chain', async () => {
  assert.is((await c.slipway('down', '--purge')).status, 0)
  assert.not.match((await run('iptables-save', [])).stdout, /SLIPWAY-/)
})

test.run()
