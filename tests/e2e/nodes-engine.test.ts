import { rm } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Pod } from '../../src/apimachinery/kinds.generated.ts'
import { nodes } from '../../src/apimachinery/resources.generated.ts'
import { label } from '../../src/nodes/docker/labels.ts'
import { eventually } from '../eventually.ts'
import { dockerDaemon } from './docker.ts'
import { type Harness, socketOf, startHarness } from './node-harness.ts'

/** A socket in front of Docker's that can be shut like a daemon that goes away. */
function gate(path: string, dockerSocket: string) {
  const open = new Set<net.Socket>()
  const server = net.createServer((near) => {
    const far = net.connect(dockerSocket)
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => open.delete(socket))
    }
    near.pipe(far).pipe(near)
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  })
  return {
    open: () => new Promise<void>((resolve) => server.listen(path, resolve)),
    async shut() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

const main = (p: Pod | undefined) => p?.status?.containerStatuses?.[0]

test('when Docker goes away and comes back, the node says so, and what died meanwhile runs again', async () => {
  const path = join(tmpdir(), `slipway-gate-${process.pid}.sock`)
  const daemon = await dockerDaemon()
  const door = gate(path, socketOf(daemon.host))
  await door.open()
  const real = new Docker({ socketPath: socketOf(daemon.host) })
  const h: Harness = await startHarness(`gate-${process.pid}`, new Docker({ socketPath: path }))
  try {
    const spec = { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'slipway/demo-web:1' }] }
    await h.create('one', spec)
    await h.create('two', spec)
    const one = await h.until('one', (p) => main(p)?.ready === true)
    await h.until('two', (p) => main(p)?.ready === true)
    await door.shut()
    const isReady = async () =>
      (await h.client.get(nodes, h.node.name)).status?.conditions?.find((c) => c.type === 'Ready')?.status === 'True'
    await eventually(async () => !(await isReady()), 60_000)
    const [victim] = await real.listContainers({ filters: { label: [`${label.podName}=two`, `${label.role}=sandbox`] } })
    await real.getContainer(victim?.Id ?? '').kill()
    await door.open()
    await h.until('two', (p) => main(p)?.restartCount === 1 && main(p)?.ready === true)
    await eventually(isReady, 60_000)
    const after = await h.until('one', (p) => main(p)?.ready === true)
    assert.is(main(after)?.containerID, main(one)?.containerID)
    assert.is(main(after)?.restartCount, 0)
  } finally {
    await h.end()
    await daemon.stop()
    await door.shut()
    await rm(path, { force: true })
  }
})

test.run()
