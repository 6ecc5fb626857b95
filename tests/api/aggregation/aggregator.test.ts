import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openPki, type Pki } from '../../../src/api/auth/pki.ts'
import type { Api } from '../../../src/api/server.ts'
import type { APIService } from '../../../src/apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import type { Resource } from '../../../src/apimachinery/resource.ts'
import { apiservices, services } from '../../../src/apimachinery/resources.generated.ts'
import type { Client } from '../../../src/client/client.ts'
import { admin, testApi } from '../test-api.ts'

/** A server of one kind, Flunder, that believes nobody but the front proxy. */
interface Remote {
  readonly server: Server
  readonly seen: Record<string, string>[]
}

const flunders: Resource<KubeObject> = {
  group: 'wardle.example.com',
  version: 'v1',
  resource: 'flunders',
  kind: 'Flunder',
  namespaced: true,
}
const root = '/apis/wardle.example.com/v1'
const flunder = (name: string) => ({ apiVersion: 'wardle.example.com/v1', kind: 'Flunder', metadata: { name } })
const resources = [
  { name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder', verbs: ['get', 'list', 'watch'] },
]
const answers: Record<string, object> = {
  [root]: { kind: 'APIResourceList', groupVersion: 'wardle.example.com/v1', resources },
  [`${root}/namespaces/default/flunders/a`]: flunder('a'),
  '/openapi/v2': {
    paths: { [`${root}/flunders`]: { get: { schema: { $ref: '#/definitions/wardle.Flunder' } } } },
    definitions: { 'wardle.Flunder': { type: 'object' } },
  },
  '/openapi/v3': { paths: { [root.slice(1)]: { serverRelativeURL: `/openapi/v3${root}?hash=ABC` } } },
  [`/openapi/v3${root}`]: { openapi: '3.0.0' },
}

let directory: string
let pki: Pki
let theirs: Pki
let api: Api
let client: Client
let remote: Remote

function startRemote(port = 0): Promise<Remote> {
  const seen: Record<string, string>[] = []
  const tls = { ...theirs.serving, ca: pki.frontProxy.caCert, requestCert: true, rejectUnauthorized: true }
  const server = createServer(tls, (req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? '', 'https://remote')
    const proxy = (req.socket as TLSSocket).getPeerCertificate().subject.CN
    seen.push({ ...(req.headers as Record<string, string>), path: pathname, proxy: String(proxy) })
    if (pathname === `${root}/away`) return void res.writeHead(302, { location: 'https://169.254.169.254/' }).end()
    if (searchParams.get('watch')) {
      res.write(`${JSON.stringify({ type: 'ADDED', object: flunder('a') })}\n{"type":"MODIFIED",`)
      return void res.end(`"object":${JSON.stringify(flunder('b'))}}\n`)
    }
    const answer = answers[pathname]
    res.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' })
    res.end(JSON.stringify(answer ?? { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'no such', code: 404 }))
  })
  return new Promise((resolve) => server.listen(port, 'localhost', () => resolve({ server, seen })))
}

const portOf = ({ server }: Remote): number => (server.address() as AddressInfo).port

const stop = ({ server }: Remote): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

/** Resolves when the APIService is as `isSo` says: told by the store, not by a clock. */
function until(isSo: (reason: string | undefined) => boolean): Promise<void> {
  const reason = (s: APIService | undefined) => s?.status?.conditions?.find((c) => c.type === 'Available')?.reason
  return new Promise((resolve) => {
    const check = (now: APIService | undefined) => {
      if (!isSo(reason(now))) return
      end()
      resolve()
    }
    const end = api.objects.onChange(apiservices, check)
    check(api.objects.get(apiservices, undefined, 'v1.wardle.example.com'))
  })
}

const untilServed = async (freshness: string): Promise<void> => {
  for (;;) {
    if (api.core.aggregator?.versions().some((v) => v.freshness === freshness)) return
    await new Promise<void>((resolve) => {
      const end = api.core.registry.onChange(() => {
        end()
        resolve()
      })
    })
  }
}

async function read(path: string, accept = 'application/json'): Promise<{ status: number; text: string }> {
  const response = await client.raw({
    method: 'GET',
    path,
    headers: { accept, 'x-remote-user': 'root', authorization: 'Bearer x' },
  })
  const chunks: Uint8Array[] = []
  for await (const chunk of response.body) chunks.push(chunk)
  return { status: response.status, text: Buffer.concat(chunks).toString() }
}

test.before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-aggregation-'))
  pki = await openPki({ directory: join(directory, 'ours'), serviceAddress: '10.43.0.1' })
  theirs = await openPki({ directory: join(directory, 'theirs'), serviceAddress: '10.43.0.1', addresses: ['api.default.svc'] })
  remote = await startRemote()
  ;({ api, client } = await testApi({ frontProxy: pki.frontProxy }))
})

test.after(async () => {
  api.close()
  await stop(remote)
  await rm(directory, { recursive: true })
})

const registration = (): APIService => ({
  metadata: { name: 'v1.wardle.example.com' },
  spec: {
    group: 'wardle.example.com',
    version: 'v1',
    groupPriorityMinimum: 2000,
    versionPriority: 200,
    caBundle: Buffer.from(theirs.caCert).toString('base64'),
    service: { namespace: 'default', name: 'api', port: portOf(remote) },
  },
})

test('an APIService without its Service is not available, and its requests are answered 503', async () => {
  await client.create(apiservices, registration())
  await until((reason) => reason === 'ServiceNotFound')
  assert.equal(await read(`${root}/namespaces/default/flunders/a`), { status: 503, text: 'service unavailable\n' })
})

test('when the Service comes, the server is asked, found, and requests reach it as those of the user', async () => {
  const metadata = { name: 'api', namespace: 'default' }
  await client.create(services, { metadata, spec: { type: 'ExternalName', externalName: 'localhost' } } as never)
  await until((reason) => reason === 'Passed')
  await untilServed('Current')
  assert.equal(JSON.parse((await read(`${root}/namespaces/default/flunders/a?x=1`)).text), flunder('a'))
  const last = remote.seen.at(-1)
  assert.is(last?.['x-remote-user'], admin.name)
  assert.is(last?.['x-remote-group'], admin.groups.join(', '))
  assert.is(last?.proxy, 'front-proxy-client')
  assert.is(last?.authorization, undefined)
})

test('discovery in both forms and OpenAPI in both versions tell of the remote group', async () => {
  assert.match((await read('/apis')).text, /"name":"wardle.example.com"/)
  assert.match((await read('/apis/wardle.example.com')).text, /"preferredVersion":\{"groupVersion":"wardle.example.com\/v1"/)
  const aggregated = await read('/apis', 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')
  const items = JSON.parse(aggregated.text).items as { metadata: { name: string }; versions: { freshness: string }[] }[]
  assert.is(items.find((g) => g.metadata.name === 'wardle.example.com')?.versions[0]?.freshness, 'Current')
  assert.match((await read('/openapi/v2')).text, /"wardle.Flunder":\{"type":"object"\}/)
  assert.match((await read('/openapi/v3')).text, /"apis\/wardle.example.com\/v1":\{"serverRelativeURL":"[^"]*\?hash=ABC"/)
  assert.is((await read(`/openapi/v3${root}?hash=ABC`)).text, '{"openapi":"3.0.0"}')
})

test('a caller in process gets objects, events and errors', async () => {
  assert.equal(await client.get(flunders, 'a', { namespace: 'default' }), flunder('a') as never)
  const names: (string | undefined)[] = []
  for await (const events of client.watch(flunders, { namespace: 'default' })) {
    names.push(...events.map((e) => `${e.type} ${e.object.metadata.name}`))
  }
  assert.equal(names, ['ADDED a', 'MODIFIED b'])
  const missing = await client.get(flunders, 'x', { namespace: 'default' }).catch((error) => error)
  assert.equal([missing.code, missing.message], [404, 'no such'])
})

test('a redirect of the remote server is not passed on, and dots lead nowhere', async () => {
  assert.is((await read(`${root}/away`)).status, 502)
  const before = remote.seen.length
  assert.is((await read(`${root}/../../../api/v1`)).status, 404)
  assert.is(remote.seen.length, before)
})

test('a server whose certificate the bundle does not know is not spoken to', async () => {
  const before = remote.seen.length
  const caBundle = Buffer.from(pki.caCert).toString('base64')
  await client.patch(apiservices, 'v1.wardle.example.com', { type: 'merge', body: { spec: { caBundle } } })
  await until((reason) => reason === 'FailedDiscoveryCheck')
  assert.is(remote.seen.length, before)
  const { caBundle: right } = registration().spec as { caBundle: string }
  await client.patch(apiservices, 'v1.wardle.example.com', { type: 'merge', body: { spec: { caBundle: right } } })
  await until((reason) => reason === 'Passed')
})

test('when it falls silent discovery calls it stale; when the APIService goes, so does the group', async () => {
  const port = portOf(remote)
  await stop(remote)
  await client.patch(apiservices, 'v1.wardle.example.com', { type: 'merge', body: { spec: { versionPriority: 201 } } })
  await until((reason) => reason === 'FailedDiscoveryCheck')
  await untilServed('Stale')
  assert.is((await read(`${root}/namespaces/default/flunders/a`)).status, 503)
  remote = await startRemote(port)
  await until((reason) => reason === 'Passed')
  // A request that finds it gone is how that is noticed first.
  await stop(remote)
  assert.match(
    await read(`${root}/namespaces/default/flunders/a`).then((r) => r.text),
    /^error trying to reach service: .*: connect: connection refused/,
  )
  await until((reason) => reason === 'FailedDiscoveryCheck')
  const [available] = (await client.get(apiservices, 'v1.wardle.example.com')).status?.conditions ?? []
  assert.match(
    String(available?.message),
    /^failing or missing response from (https:\S+): Get "\1": dial tcp \S+: connect: connection refused$/,
  )
  await client.delete(apiservices, 'v1.wardle.example.com')
  assert.is((await read('/apis/wardle.example.com')).status, 404)
  assert.is((await read(`${root}/namespaces/default/flunders/a`)).status, 404)
})

test.run()
