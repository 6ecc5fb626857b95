// Over HTTPS: against our API server, and with SLIPWAY_PEER_KUBECONFIG also against that cluster, such as the real kube-apiserver of
// peers/up.sh. The same rules hold on both. Nothing here needs controllers: an API server alone has none.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../src/apimachinery/clock.ts'
import type { ConfigMap } from '../../src/apimachinery/kinds.generated.ts'
import type { KubeObject, Unstructured } from '../../src/apimachinery/object.ts'
import type { Resource } from '../../src/apimachinery/resource.ts'
import {
  configmaps,
  customresourcedefinitions,
  leases,
  namespaces,
  secrets,
  statefulsets,
} from '../../src/apimachinery/resources.generated.ts'
import { isNotFound } from '../../src/apimachinery/status.ts'
import type { Client } from '../../src/client/client.ts'
import { fromKubeconfig } from '../../src/client/https.ts'
import { createInformer } from '../../src/client/informer.ts'
import { reflect } from '../../src/client/informer-reflector.ts'
import { silentLog } from '../../src/operators/log.ts'
import { defineOperator, type Operator } from '../../src/operators/operator.ts'
import { type RunOperatorsOptions, runOperators } from '../../src/operators/run-operators.ts'
import { installDefinitions } from '../../src/testkit/definitions.ts'
import { eventually as waitFor } from '../../src/testkit/eventually.ts'
import { startTestServer } from '../../src/testkit/start.ts'
import { Database, database, databaseCrd, databaseOperator } from './database.ts'

const eventually = <R>(look: () => R | Promise<R>) => waitFor(systemClock, look, { within: '30s' })
const namespace = `slipway-${process.pid}`
const own = await startTestServer({ controllers: [] })
const folder = await mkdtemp(join(tmpdir(), 'slipway-conformance-'))
await writeFile(join(folder, 'kubeconfig'), (await own.listen()).kubeconfig, { mode: 0o600 })
const servers: Record<string, Client> = { ours: await fromKubeconfig(join(folder, 'kubeconfig')) }
if (process.env.SLIPWAY_PEER_KUBECONFIG) servers.peer = await fromKubeconfig(process.env.SLIPWAY_PEER_KUBECONFIG)

const hidden = { metadata: { namespace } }
const map = (name: string, data: Record<string, string> = {}): ConfigMap => ({ metadata: { name, namespace }, data })

interface Gauge extends KubeObject {
  spec: { level: number }
}

const gaugeCrd = (group: string) => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: gauges.${group} }
spec:
  group: ${group}
  names: { plural: gauges, singular: gauge, kind: Gauge, listKind: GaugeList }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties: { spec: { type: object, required: [level], properties: { level: { type: integer } } } }
    - name: v1alpha1
      served: true
      storage: false
      schema:
        openAPIV3Schema:
          type: object
          properties: { spec: { type: object, required: [text], properties: { text: { type: string } } } }
`

function stopping(stop: AbortController, stopped: Promise<void>): Promise<void> {
  stop.abort()
  return stopped
}

function run(client: Client, operator: Operator, part: Partial<RunOperatorsOptions> = {}) {
  const stop = new AbortController()
  const options = { election: false, webhooks: false, log: silentLog, namespace, select: { namespace } } as const
  const running = runOperators(client, [operator], { ...options, ...part, signal: stop.signal })
  return { ...running, stop: () => stopping(stop, running.stopped) }
}

for (const [name, client] of Object.entries(servers)) {
  test(`${name}: set up`, async () => {
    await client.create(namespaces, { metadata: { name: namespace } })
    const known = await client
      .get(customresourcedefinitions, 'databases.example.dev')
      .catch((e) => isNotFound(e) || Promise.reject(e))
    if (known === true) await installDefinitions(client, [databaseCrd])
  })

  test(`${name}: an informer streams its list, follows changes, and sees only its labels`, async () => {
    const stop = new AbortController()
    const errors: string[] = []
    await client.create(configmaps, map('one', { a: '1' }), { namespace })
    const onError = (error: unknown, what: string) => void errors.push(`${what}: ${error}`)
    const informer = createInformer(client, configmaps, { namespace, onError })
    const lean = createInformer(client, configmaps, { namespace, labelSelector: 'wanted', metadataOnly: true, onError })
    for (const i of [informer, lean]) i.start(stop.signal)
    await Promise.all([informer.synced(), lean.synced()])
    assert.is(informer.get(`${namespace}/one`)?.data?.a, '1')
    await client.create(
      configmaps,
      { ...map('two', { a: '2' }), metadata: { ...map('two').metadata, labels: { wanted: '' } } },
      { namespace },
    )
    await eventually(() => informer.get(`${namespace}/two`) && lean.get(`${namespace}/two`))
    assert.is(lean.get(`${namespace}/two`)?.data, undefined, 'metadata only')
    assert.equal(
      lean.list().map((o) => o.metadata.name),
      ['two'],
    )
    await client.delete(configmaps, 'two', { namespace })
    await eventually(() => !informer.get(`${namespace}/two`) && !lean.get(`${namespace}/two`))
    assert.equal(errors, [])
    stop.abort()
  })

  // Ours still has its whole log.
  if (name === 'peer')
    test(`${name}: a version that is too old is 410, and listed again`, async () => {
      const stop = new AbortController()
      const replaced: number[] = []
      let watches = 0
      const old: Client = {
        ...client,
        // The first watch asks for a version from long ago, as one that slept would.
        watch: (r, o) => client.watch(r, ++watches === 1 ? { ...o, resourceVersion: '1', sendInitialEvents: false } : o),
      }
      const sink = {
        replace(all: readonly ConfigMap[]) {
          replaced.push(all.length)
        },
        change() {},
        bookmark() {},
      }
      void reflect(old, configmaps, sink, {
        namespace,
        clock: systemClock,
        random: () => 0,
        signal: stop.signal,
        onError() {},
      })
      await eventually(() => replaced.length > 0)
      assert.ok(watches >= 2 && (replaced[0] ?? 0) >= 1)
      stop.abort()
    })

  test(`${name}: children are applied, changed, pruned; nothing changed is not written, also after a restart of the operator`, async () => {
    const first = run(client, databaseOperator({ finalize: () => undefined }))
    await client.create(Database, database('a', { backup: '0 3 * * *' }, hidden.metadata), { namespace })
    await eventually(async () => (await client.get(Database, 'a', { namespace })).status?.observedGeneration === 1)
    const set = await client.get(statefulsets, 'a', { namespace })
    assert.is(set.spec?.replicas, 1)
    assert.is(set.metadata.ownerReferences?.[0]?.kind, 'Database')
    const body = { spec: { replicas: 3, backup: null } }
    await client.patch(Database, 'a', { type: 'merge', body }, { namespace })
    await eventually(async () => (await client.get(statefulsets, 'a', { namespace })).spec?.replicas === 3)
    await eventually(async () => (await client.get(Database, 'a', { namespace })).status?.observedGeneration === 2)
    await first.stop()
    const before = await client.get(secrets, 'a', { namespace })
    const live = await client.get(statefulsets, 'a', { namespace })
    const second = run(client, databaseOperator({ finalize: () => undefined }))
    await second.started
    await second.idle()
    assert.is((await client.get(secrets, 'a', { namespace })).metadata.resourceVersion, before.metadata.resourceVersion)
    assert.is((await client.get(statefulsets, 'a', { namespace })).metadata.resourceVersion, live.metadata.resourceVersion)
    assert.not.match(second.metricsText(), /rest_client_requests_total\{code="\d+",method="(POST|PUT|PATCH|DELETE)"\}/)
    await client.delete(Database, 'a', { namespace })
    await eventually(() => client.get(Database, 'a', { namespace }).then(() => false, isNotFound))
    await second.stop()
  })

  test(`${name}: of two processes one leads, and the other takes over`, async () => {
    const fast = { lease: '3s', renewDeadline: '2s', retry: '200ms' } as const
    const idle = databaseOperator({ name: 'elected', owns: [], reconcile: () => undefined })
    const a = run(client, idle, { election: { ...fast, identity: 'a' } })
    await eventually(() => a.leads('elected'))
    const b = run(client, idle, { election: { ...fast, identity: 'b' } })
    await b.started
    assert.not(b.leads('elected'))
    await a.stop()
    await eventually(() => b.leads('elected'))
    const lease = await client.get(leases, 'elected.operators.slipway.dev', { namespace })
    assert.is(lease.spec?.holderIdentity, 'b')
    assert.ok((lease.spec?.leaseTransitions ?? 0) >= 1)
    await b.stop()
  })

  test(`${name}: webhooks are asked over HTTPS by a certificate of their own`, async () => {
    const operator = databaseOperator({
      name: `guard-${process.pid}`,
      owns: [],
      reconcile: () => undefined,
      validate: (db) =>
        db.spec.replicas % 2 || db.metadata.namespace !== namespace ? [] : [{ field: 'spec.replicas', message: 'must be odd' }],
      mutate(db) {
        if (db.metadata.namespace === namespace) db.spec.backup ??= '1 1 * * *'
        return undefined
      },
    })
    const webhooks = { port: 0, host: '127.0.0.1', address: { url: 'https://127.0.0.1' } }
    const running = run(client, operator, { webhooks })
    await running.started
    // kube-apiserver follows configurations by a watch.
    const made = await eventually(async () => {
      const db = await client.create(
        Database,
        database('', {}, { generateName: 'g-', namespace, ...{ name: undefined } } as never),
        { namespace },
      )
      return db.spec.backup === '1 1 * * *' ? db : undefined
    })
    assert.is(made.spec.replicas, 1)
    const even = { ...database('even', { replicas: 2 }, hidden.metadata) }
    const refused = await eventually(() =>
      client.create(Database, even, { namespace, dryRun: true }).then(
        () => undefined,
        (e) => e,
      ),
    )
    assert.match(refused.message, /spec\.replicas: must be odd/)
    await running.stop()
    for (const kind of ['validating', 'mutating'])
      await client.raw({
        method: 'DELETE',
        path: `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations/${operator.name}.operators.slipway.dev`,
      })
  })

  test(`${name}: versions are converted by the operator, written in one and read in the other`, async () => {
    const group = `convert-${process.pid}.example.dev`
    const resource = { group, resource: 'gauges', kind: 'Gauge', namespaced: true }
    const gauges = { ...resource, version: 'v1' } as Resource<Gauge>
    const oldGauges = { ...resource, version: 'v1alpha1' } as Resource<Unstructured>
    await installDefinitions(client, [gaugeCrd(group)])
    const operator = defineOperator<Gauge>({
      name: 'gauge',
      for: gauges,
      reconcile: () => undefined,
      convert: {
        v1alpha1: {
          up: (old) => ({ spec: { level: Number((old.spec as { text: string }).text) } }),
          down: (gauge) => ({ spec: { text: String(gauge.spec.level) } }),
        },
      },
    })
    const webhooks = { port: 0, host: '127.0.0.1', address: { url: 'https://127.0.0.1' } }
    const running = run(client, operator, { webhooks })
    await running.started
    const old = { metadata: { name: 'old', namespace, labels: { kept: 'yes' } }, spec: { text: '7' } }
    await eventually(() => client.create(oldGauges, old, { namespace }).catch(() => undefined))
    const now = await eventually(() => client.get(gauges, 'old', { namespace }).catch(() => undefined))
    assert.is(now.spec.level, 7)
    assert.is(now.metadata.labels?.kept, 'yes')
    await client.patch(gauges, 'old', { type: 'merge', body: { spec: { level: 8 } } }, { namespace })
    const { items } = await client.list(oldGauges, { namespace })
    assert.equal(
      items.map((o) => o.spec),
      [{ text: '8' }],
    )
    await client.delete(gauges, 'old', { namespace })
    await client.delete(customresourcedefinitions, `gauges.${group}`)
    await running.stop()
  })

  test(`${name}: clean up`, async () => {
    await client.deleteCollection(Database, { namespace })
    await client.delete(namespaces, namespace)
  })
}

test('stop', async () => {
  await own.stop()
  await rm(folder, { recursive: true })
  // Kept connections would keep the process.
  setImmediate(() => process.exit(process.exitCode ?? 0))
})

test.run()
