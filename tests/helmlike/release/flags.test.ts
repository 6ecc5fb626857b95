import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Value } from '../../../src/helmlike/gotemplate/value.ts'
import { type OperationOptions, Releases } from '../../../src/helmlike/release/operations.ts'
import { computedValues, parseLabels } from '../../../src/helmlike/release/record.ts'
import { startTestServer } from '../../../src/testkit/start.ts'
import type { TestServer } from '../../../src/testkit/test-server.ts'
import { chartOf, configMap } from './charts.ts'

let server: TestServer
const on = (options: Partial<OperationOptions> = {}) =>
  new Releases(server.client, { namespace: 'default', timeoutMs: 20_000, ...options })
const fails = async (work: Promise<unknown>): Promise<Error & { hint?: string }> => {
  try {
    await work
  } catch (e) {
    return e as Error
  }
  throw new Error('it should have failed')
}

test.before(async () => {
  server = await startTestServer()
})
test.after(() => server.stop())

test("a release's labels are those of its Secret, stay over upgrades and rollbacks, and `null` takes one away", async () => {
  const chart = chartOf({ 'c.yaml': configMap('labelled', 'x') })
  await on({ labels: { team: 'a', tier: 'web' } }).install('labelled', chart, new Map())
  const secret = (version: number) => server.get('Secret', `sh.helm.release.v1.labelled.v${version}`)
  assert.is((await secret(1))?.metadata.labels?.team, 'a')
  await on({ labels: { tier: 'null', more: '1' } }).upgrade('labelled', chart, new Map())
  assert.equal((await on().revision('labelled')).labels, { team: 'a', more: '1' })
  await on().rollback('labelled', 1)
  assert.equal((await on().revision('labelled')).labels, { team: 'a', tier: 'web' })
  assert.throws(() => parseLabels(['a=b,owner=me']), /system reserved label name/)
  assert.throws(() => parseLabels(['a']), /must be formatted as key=value/)
})

test('--cleanup-on-fail takes away what a failed upgrade made anew, and nothing else', async () => {
  await on().install('tidy', chartOf({ 'c.yaml': configMap('tidy-old', 'x') }), new Map())
  const next = chartOf({
    'a.yaml': configMap('tidy-new', 'x'),
    'c.yaml': configMap('tidy-old', 'y'),
    'z.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: tidy-bad}\nspec: {replicas: -1}\n',
  })
  await fails(on({ cleanupOnFail: true }).upgrade('tidy', next, new Map()))
  assert.is(await server.get('ConfigMap', 'tidy-new'), undefined)
  assert.ok(await server.get('ConfigMap', 'tidy-old'))
})

test('--force-replace puts the new object in the place of the old: what others added is gone', async () => {
  await on({ serverSide: false }).install('whole', chartOf({ 'c.yaml': configMap('whole', 'x') }), new Map())
  const live = await server.get('ConfigMap', 'whole')
  await on().cluster.merge(live as never, 'default', { data: { foreign: '1' } })
  await on({ serverSide: false, forceReplace: true }).upgrade('whole', chartOf({ 'c.yaml': configMap('whole', 'y') }), new Map())
  const data = (await server.get('ConfigMap', 'whole'))?.data
  assert.equal(Object.values(data ?? {}), ['y'])
})

test('a dry run on the client asks nothing: lookups are empty, and no server need be there', async () => {
  const nobody = new Proxy({}, { get: () => () => Promise.reject(new Error('asked the server')) })
  const chart = chartOf({
    'c.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {found: {{ lookup "v1" "Namespace" "" "default" | len | quote }}}\n',
  })
  const offline = new Releases(nobody as never, { namespace: 'x', timeoutMs: 1000, dryRun: 'client' })
  const r = await offline.install('dry', chart, new Map())
  assert.is(r.info.description, 'Dry run complete')
  assert.match(r.manifest, /name: dry}\n.*found: "0"/s)
  assert.equal(await on().history('dry'), [])
})

test('a name that failed or was kept is used again with --replace only, and the error says so', async () => {
  const chart = chartOf({ 'c.yaml': configMap('again', 'x') })
  await on().install('again', chart, new Map())
  assert.match((await fails(on({ replace: true }).install('again', chart, new Map()))).hint ?? '', /upgrade it, or uninstall/)
  await on({ keepHistory: true }).uninstall('again')
  const refused = await fails(on().install('again', chart, new Map()))
  assert.match(refused.message, /cannot reuse a name that is still in use/)
  assert.match(refused.hint ?? '', /--replace/)
  assert.is((await on({ replace: true }).install('again', chart, new Map())).version, 2)
})

test('uninstall --dry-run changes nothing', async () => {
  await on().install('stays', chartOf({ 'c.yaml': configMap('stays', 'x') }), new Map())
  await on({ dryRun: 'client' }).uninstall('stays')
  assert.ok(await server.get('ConfigMap', 'stays'))
  assert.is((await on().revision('stays')).info.status, 'deployed')
})

test("computed values are the release's over the chart's defaults; null takes a default away", async () => {
  const chart = {
    ...chartOf({}),
    values: new Map<string, Value>([
      ['a', 1],
      [
        'b',
        new Map<string, Value>([
          ['c', 'x'],
          ['d', 'y'],
        ]),
      ],
      ['e', true],
    ]),
  }
  await on().install(
    'computed',
    chart,
    new Map<string, Value>([
      ['b', new Map<string, Value>([['c', 'z']])],
      ['e', null],
    ]),
  )
  assert.equal(JSON.parse(JSON.stringify(computedValues(await on().revision('computed')))), { a: 1, b: { c: 'z', d: 'y' } })
})

test.run()
