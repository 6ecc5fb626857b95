import type Docker from 'dockerode'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Node } from '../../src/apimachinery/kinds.generated.ts'
import { nodes } from '../../src/apimachinery/resources.generated.ts'
import type { Client } from '../../src/client/client.ts'
import { createRegistration } from '../../src/nodes/registration.ts'
import { silentLog } from '../../src/operators/log.ts'
import { createVirtualClock } from '../../src/testkit/virtual-clock.ts'
import { testApi } from '../api/test-api.ts'

/** The registration of the node `n1`, which knows the object as `known` gives it. */
function make(client: Client, known: () => Node | undefined) {
  const clock = createVirtualClock(Date.parse('2026-01-01T00:00:00Z'))
  const registration = createRegistration({
    client,
    docker: { listImages: async () => [] } as unknown as Docker,
    clock,
    log: silentLog,
    name: 'n1',
    addresses: ['10.0.0.1'],
    machine: {
      architecture: 'amd64',
      operatingSystem: 'linux',
      osImage: 'Debian',
      kernelVersion: '6.1',
      dockerVersion: '27',
      cpus: 2,
      memory: 4e9,
      disk: 1e11,
      runtimes: [],
      hasAppArmor: false,
      cgroupDriver: 'systemd',
    },
    kubeletPort: 10250,
    dataDir: '/tmp',
    known,
    signal: new AbortController().signal,
  })
  return { clock, registration }
}

const readyOf = (node: Node | undefined) => node?.status?.conditions?.find((c) => c.type === 'Ready')

test('a node makes its object, and one that is there already keeps the labels of others', async () => {
  const { client } = await testApi()
  await make(client, () => undefined).registration.register()
  const made = await client.get(nodes, 'n1')
  assert.is(readyOf(made)?.status, 'True')
  assert.is(made.metadata.labels?.['kubernetes.io/hostname'], 'n1')
  const body = { metadata: { labels: { mine: 'yes', 'kubernetes.io/hostname': 'wrong' } } }
  await client.patch(nodes, 'n1', { type: 'merge', body })
  await make(client, () => undefined).registration.register()
  const { labels } = (await client.get(nodes, 'n1')).metadata
  assert.is(labels?.mine, 'yes')
  assert.is(labels?.['kubernetes.io/hostname'], 'n1')
})

test('what keeps pods from running is written at once, and the same again is not', async () => {
  const { client } = await testApi()
  let known: Node | undefined
  const { registration } = make(client, () => known)
  await registration.register()
  registration.setNotReady('no network')
  await registration.written()
  known = await client.get(nodes, 'n1')
  assert.is(readyOf(known)?.status, 'False')
  assert.is(readyOf(known)?.message, 'no network')
  registration.setNotReady('no network')
  await registration.written()
  assert.is((await client.get(nodes, 'n1')).metadata.resourceVersion, known.metadata.resourceVersion)
})

test('a heartbeat comes after five minutes in which nothing changed', async () => {
  const { client } = await testApi()
  let known: Node | undefined
  const { clock, registration } = make(client, () => known)
  await registration.register()
  known = await client.get(nodes, 'n1')
  await clock.advance(299_999)
  await registration.written()
  assert.is(readyOf(await client.get(nodes, 'n1'))?.lastHeartbeatTime, '2026-01-01T00:00:00Z')
  await clock.advance(1)
  await registration.written()
  assert.is(readyOf(await client.get(nodes, 'n1'))?.lastHeartbeatTime, '2026-01-01T00:05:00Z')
})

test.run()
