import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../src/apimachinery/clock.ts'
import type { Unstructured } from '../../src/apimachinery/object.ts'
import type { Resource } from '../../src/apimachinery/resource.ts'
import { configmaps, customresourcedefinitions, services } from '../../src/apimachinery/resources.generated.ts'
import { isNotFound } from '../../src/apimachinery/status.ts'
import type { Client } from '../../src/client/client.ts'
import { type Composition, compositions } from '../../src/compositions/composition.ts'
import { startCompositions } from '../../src/compositions/start.ts'
import { silentLog } from '../../src/operators/log.ts'
import { startTestServer } from '../../src/testkit/start.ts'
import { eventually as within } from '../eventually.ts'

/** A busy machine takes its time. */
const eventually = (holds: () => boolean | Promise<boolean>) => within(holds, 20_000)

const composed = suite<{ client: Client; stop: () => Promise<void> }>('Composition', undefined as never)
const at = { namespace: 'default' }
const sites: Resource<Unstructured> = {
  group: 'example.com',
  version: 'v1alpha1',
  resource: 'sites',
  kind: 'Site',
  namespaced: true,
}

composed.before.each(async (context) => {
  const server = await startTestServer()
  const { client } = server
  const abort = new AbortController()
  const running = await startCompositions({ client, clock: systemClock, log: silentLog, signal: abort.signal })
  context.client = client
  context.stop = async () => {
    abort.abort()
    await running.stopped
    await server.stop()
  }
})
composed.after.each(({ stop }) => stop())

const site = (more: object = {}, resources: object[] = []): Composition =>
  ({
    metadata: { name: 'site' },
    spec: {
      schema: {
        group: 'example.com',
        kind: 'Site',
        spec: { port: 'integer | default=80', hosts: '[]string' },
        status: { port: '${service.spec.ports[0].port}' },
        ...more,
      },
      resources: [
        { id: 'service', template: { apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: '${schema.spec.port}' }] } } },
        ...resources,
      ],
    },
  }) as unknown as Composition

const conditionOf = (object: Composition | Unstructured) =>
  (object.status as Composition['status'])?.conditions?.find((c) => c.type === 'Ready')
const ready = async (client: Client) => {
  await eventually(async () => conditionOf(await client.get(compositions, 'site'))?.status === 'True')
}
const missing = (asked: Promise<unknown>): Promise<boolean> =>
  asked.then(
    () => false,
    (error: unknown) => isNotFound(error),
  )

composed('becomes a kind, whose objects become many', async ({ client }) => {
  const config = {
    id: 'configs',
    forEach: [{ name: 'host', in: '${schema.spec.hosts}' }],
    template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${host}' }, data: { address: '${service.spec.type}' } },
  }
  await client.create(compositions, site({}, [config]))
  await ready(client)
  const object = { metadata: { name: 'shop', ...at }, spec: { hosts: ['a', 'b'] } }
  await client.create(sites, object)
  await eventually(async () => conditionOf(await client.get(sites, 'shop', at))?.status === 'True')
  const made = await client.get(sites, 'shop', at)
  assert.is((made.status as { port: number }).port, 80)
  assert.is((await client.get(configmaps, 'b', at)).data?.address, 'ClusterIP')
  assert.is((await client.get(services, 'shop', at)).metadata.ownerReferences?.[0]?.kind, 'Site')
  // What is no longer asked for goes; what was changed by hand comes back.
  await client.patch(sites, 'shop', { type: 'merge', body: { spec: { hosts: ['a'], port: 81 } } }, at)
  await eventually(async () => missing(client.get(configmaps, 'b', at)))
  await eventually(async () => (await client.get(services, 'shop', at)).spec?.ports?.[0]?.port === 81)
  await client.patch(configmaps, 'a', { type: 'merge', body: { data: { address: 'elsewhere' } } }, at)
  await eventually(async () => (await client.get(configmaps, 'a', at)).data?.address === 'ClusterIP')
})

composed('with a mistake is refused when it is written, with the field; what ran before goes on', async ({ client }) => {
  await client.create(compositions, site())
  await ready(client)
  const wrong = site({ status: { port: '${service.spec.port}' } })
  const applied = client.apply(compositions, wrong, { fieldManager: 'test', force: true })
  const said = await applied.then(
    () => 'taken',
    (error: Error) => error.message,
  )
  assert.match(said, "spec.schema.status.port: ${service.spec.port}: undefined field 'port' at 13")
  await client.create(sites, { metadata: { name: 'shop', ...at }, spec: {} })
  await eventually(async () => !(await missing(client.get(services, 'shop', at))))
})

const openAPIV3Schema = { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } } }
const others = {
  metadata: { name: 'others.other.org' },
  spec: {
    group: 'other.org',
    scope: 'Namespaced',
    names: { plural: 'others', kind: 'Other' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
  },
}

composed('waits for a kind that is not there yet', async ({ client }) => {
  const other = { id: 'other', template: { apiVersion: 'other.org/v1', kind: 'Other', spec: { size: '${schema.spec.port}' } } }
  await client.create(compositions, site({}, [other]))
  await eventually(async () => conditionOf(await client.get(compositions, 'site'))?.reason === 'Pending')
  await client.create(customresourcedefinitions, others as never)
  await ready(client)
})

composed('says what is wrong with it when that shows only later', async ({ client }) => {
  const other = { id: 'other', template: { apiVersion: 'other.org/v1', kind: 'Other', spec: { size: 'big' } } }
  await client.create(compositions, site({}, [other]))
  await client.create(customresourcedefinitions, others as never)
  await eventually(async () => conditionOf(await client.get(compositions, 'site'))?.reason === 'Invalid')
  const { message } = conditionOf(await client.get(compositions, 'site')) ?? {}
  assert.is(message, 'spec.resources[1].template.spec.size: is a string, where an integer is needed')
})

composed('does not take over a definition of somebody else', async ({ client }) => {
  await client.create(compositions, site())
  await ready(client)
  await client.create(compositions, { ...site(), metadata: { name: 'twin' } })
  await eventually(async () => conditionOf(await client.get(compositions, 'twin'))?.reason === 'KindTaken')
})

composed('goes when the last object of its kind is gone, and takes the kind along', async ({ client }) => {
  await client.create(compositions, site())
  await ready(client)
  await client.create(sites, { metadata: { name: 'shop', ...at }, spec: {} })
  await eventually(async () => conditionOf(await client.get(sites, 'shop', at)) !== undefined)
  await client.delete(compositions, 'site')
  assert.ok((await client.get(compositions, 'site')).metadata.deletionTimestamp)
  await client.delete(sites, 'shop', at)
  await eventually(async () => missing(client.get(compositions, 'site')))
  await eventually(async () => missing(client.get(customresourcedefinitions, 'sites.example.com')))
})

composed.run()
