import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { obstacle, withAvailable } from '../../../src/api/aggregation/availability.ts'
import { fromList } from '../../../src/api/aggregation/discovery.ts'
import { headersOf } from '../../../src/api/aggregation/identity.ts'
import { difference, localServices } from '../../../src/api/aggregation/local-services.ts'
import { join, onlyBelow } from '../../../src/api/aggregation/openapi.ts'
import { type RemoteService, remoteService } from '../../../src/api/aggregation/remote-services.ts'
import { groupsOf } from '../../../src/api/discovery/documents.ts'
import { kinds } from '../../../src/api/kinds/index.ts'
import { builtInResources } from '../../../src/api/registry/built-in.ts'
import type { EndpointSlice, Service } from '../../../src/apimachinery/kinds.generated.ts'

const remote = remoteService({
  metadata: { name: 'v1.wardle.example.com' },
  spec: {
    group: 'wardle.example.com',
    version: 'v1',
    groupPriorityMinimum: 2000,
    versionPriority: 200,
    service: { namespace: 'wardle', name: 'api', port: 443 },
  },
}) as RemoteService
const service: Service = { metadata: { name: 'api', namespace: 'wardle' }, spec: { ports: [{ name: 'https', port: 443 }] } }
const slice = (...ready: boolean[]): EndpointSlice => ({
  metadata: { name: 'api-1' },
  addressType: 'IPv4',
  endpoints: ready.map((r) => ({ addresses: ['10.0.0.1'], conditions: { ready: r } })),
  ports: [{ name: 'https', port: 8443 }],
})

test("what hinders a remote server is told by what is stored of its Service, in kube-aggregator's words", () => {
  const reasons = [
    obstacle(remote, undefined, []),
    obstacle({ ...remote, port: 444 }, service, []),
    obstacle(remote, service, []),
    obstacle(remote, service, [slice(false)]),
    obstacle(remote, service, [slice(false, true)]),
  ]
  assert.equal(
    reasons.map((r) => r && `${r.reason}: ${r.message}`),
    [
      'ServiceNotFound: service/api in "wardle" is not present',
      'ServicePortError: service/api in "wardle" is not listening on port 444',
      'EndpointsNotFound: cannot find endpointslices for service/api in "wardle"',
      'MissingEndpoints: endpointslices for service/api in "wardle" have no addresses with port name "https"',
      undefined,
    ],
  )
})

test('a Service that is no ClusterIP has to be asked itself', () => {
  assert.is(obstacle(remote, { ...service, spec: { type: 'ExternalName', externalName: 'api.example.com' } }, []), undefined)
})

test('the time of transition moves only when the status does, and nothing is written when nothing changed', () => {
  const found = { status: 'False', reason: 'MissingEndpoints', message: 'm' }
  const first = withAvailable(undefined, found, 0)
  assert.is(withAvailable(first, found, 5000), first)
  assert.is(withAvailable(first, { ...found, message: 'n' }, 5000)[0]?.lastTransitionTime, '1970-01-01T00:00:00Z')
  assert.is(withAvailable(first, { ...found, status: 'True' }, 5000)[0]?.lastTransitionTime, '1970-01-01T00:00:05Z')
})

test('who asks is told in headers, with keys that no header may have escaped', () => {
  const user = { name: 'jane', uid: '7', groups: ['a', 'b'], extra: { 'example.com/role%': ['x', 'y'] } }
  assert.equal(headersOf(user), {
    'X-Remote-User': 'jane',
    'X-Remote-Group': ['a', 'b'],
    'X-Remote-Uid': '7',
    'X-Remote-Extra-example.com%2Frole%25': ['x', 'y'],
  })
})

test('a list of resources becomes aggregated discovery, subresources below their resource', () => {
  const flunder = { name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder', verbs: ['get'] }
  const status = { name: 'flunders/status', namespaced: true, kind: 'Flunder', verbs: ['get', 'update'] }
  assert.equal(fromList([flunder, status]), [
    {
      resource: 'flunders',
      responseKind: { group: '', version: '', kind: 'Flunder' },
      scope: 'Namespaced',
      singularResource: 'flunder',
      verbs: ['get'],
      subresources: [
        { subresource: 'status', responseKind: { group: '', version: '', kind: 'Flunder' }, verbs: ['get', 'update'] },
      ],
    },
  ])
})

test('a remote group stands in discovery where its priority puts it', () => {
  const version = { ...remote, resources: [{}], freshness: 'Current' as const }
  const at = (groupPriority: number) =>
    groupsOf(builtInResources(kinds), [{ ...version, groupPriority }]).findIndex((g) => g.name === 'wardle.example.com')
  assert.is(at(17_999), 2)
  assert.is(at(10), groupsOf(builtInResources(kinds)).length)
})

test('only the paths of its group version are taken from a remote server, with the definitions that they need', () => {
  const part = onlyBelow(
    {
      paths: { '/apis/w/v1/flunders': { get: { schema: { $ref: '#/definitions/A' } } }, '/api/v1/pods': {}, '/apis/w/v10/x': {} },
      definitions: { A: { $ref: '#/definitions/B' }, B: {}, C: {} },
    },
    '/apis/w/v1',
  )
  assert.equal([Object.keys(part.paths), Object.keys(part.definitions)], [['/apis/w/v1/flunders'], ['A', 'B']])
})

test('a remote definition that means something else than ours of that name gets another name, everywhere', () => {
  const base = { paths: { '/a': 1 }, definitions: { Meta: { type: 'object' }, Same: { type: 'string' } } }
  const more = {
    paths: { '/a': 2, '/b': { $ref: '#/definitions/Meta' } },
    definitions: { Meta: { type: 'array', items: { $ref: '#/definitions/Meta' } }, Same: { type: 'string' } },
  }
  assert.equal(join(base, more), {
    paths: { '/a': 1, '/b': { $ref: '#/definitions/Meta_v2' } },
    definitions: {
      Meta: { type: 'object' },
      Same: { type: 'string' },
      Meta_v2: { type: 'array', items: { $ref: '#/definitions/Meta_v2' } },
    },
  })
})

test('a remote definition that means the same as ours is ours, for the kinds of both', () => {
  const of = (...groups: string[]) => ({
    type: 'object',
    'x-kubernetes-group-version-kind': groups.map((group) => ({ group, kind: 'WatchEvent', version: 'v1' })),
  })
  const base = { paths: {}, definitions: { Event: of('', 'b') } }
  const more = { paths: { '/b': { $ref: '#/definitions/Event' } }, definitions: { Event: of('a', 'b') } }
  assert.equal(join(base, more), { paths: more.paths, definitions: { Event: of('', 'a', 'b') } })
})

test('every group version that is served here has its APIService; those of definitions go with them, those of others stay', () => {
  const wanted = localServices({ all: () => builtInResources(kinds) })
  assert.equal(
    wanted.find((s) => s.metadata.name === 'v2.autoscaling'),
    {
      metadata: { name: 'v2.autoscaling', labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
      spec: { group: 'autoscaling', version: 'v2', groupPriorityMinimum: 17_500, versionPriority: 30 },
    },
  )
  const labels = { 'kube-aggregator.kubernetes.io/automanaged': 'true' }
  const spec = { groupPriorityMinimum: 1, versionPriority: 1 }
  const gone = { metadata: { name: 'v1.gone.example.com', labels }, spec }
  const theirs = { metadata: { name: 'v1.theirs.example.com' }, spec }
  const found = difference(wanted, [...wanted.slice(1), gone, theirs])
  assert.equal([found.missing.map((s) => s.metadata.name), found.surplus], [['v1.'], ['v1.gone.example.com']])
})

test.run()
