import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { endpointslices, services } from '../../../src/apimachinery/resources.generated.ts'
import { startDns } from '../../../src/network/dns/dns.ts'
import { silentLog } from '../../../src/operators/log.ts'
import { InformersInMemory } from '../informers-in-memory.ts'

const service = (name: string, spec: object) => ({ metadata: { namespace: 'x', name }, spec })
const slice = (name: string, endpoints: object[], ports: object[] = [{ name: 'http', port: 8080, protocol: 'TCP' }]) => ({
  metadata: { namespace: 'x', name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  ports,
  endpoints,
})
const cluster = () =>
  new InformersInMemory()
    .put(services, service('web', { clusterIP: '10.43.0.20', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }))
    .put(services, service('db', { clusterIP: 'None', ports: [{ name: 'http', port: 80 }] }))
    .put(
      endpointslices,
      slice('db', [
        { addresses: ['10.42.0.5'], hostname: 'db-0' },
        { addresses: ['10.42.0.6'] },
        { addresses: ['10.42.0.7'], conditions: { ready: false } },
      ]),
    )
    .put(services, service('empty', { clusterIP: 'None', ports: [] }))
    .put(services, service('alias', { type: 'ExternalName', externalName: 'web.x.svc.cluster.local' }))
    .put(services, service('away', { type: 'ExternalName', externalName: 'example.test' }))

const base = {
  address: '127.0.0.1',
  port: 0,
  clusterIp: '10.43.0.10',
  domain: 'cluster.local',
  cidrs: ['10.42.0.0/16', '10.43.0.0/16'],
  log: silentLog,
}

async function withDns(
  informers: InformersInMemory,
  use: (resolver: Resolver, port: number) => Promise<void>,
  upstreams: string[] = [],
) {
  const server = await startDns({ ...base, informers, upstreams })
  const resolver = new Resolver({ timeout: 1000, tries: 1 })
  resolver.setServers([`127.0.0.1:${server.port}`])
  try {
    await use(resolver, server.port)
  } finally {
    resolver.cancel()
    await server.close()
  }
}

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'answer',
    (error: { code: string }) => error.code,
  )

test('Services, headless members, ports, pods and addresses have the names of the Kubernetes DNS specification', () =>
  withDns(cluster(), async (dns) => {
    assert.equal(await dns.resolve4('web.x.svc.cluster.local'), ['10.43.0.20'])
    assert.equal(await dns.resolve4('WEB.x.svc.cluster.LOCAL', { ttl: true }), [{ address: '10.43.0.20', ttl: 30 }])
    assert.equal((await dns.resolve4('db.x.svc.cluster.local')).sort(), ['10.42.0.5', '10.42.0.6'])
    assert.equal(await dns.resolve4('db-0.db.x.svc.cluster.local'), ['10.42.0.5'])
    assert.equal(await dns.resolve4('10-42-0-6.db.x.svc.cluster.local'), ['10.42.0.6'])
    const ports = await dns.resolveSrv('_http._tcp.web.x.svc.cluster.local')
    assert.equal(
      ports.map((p) => `${p.name} ${p.port} ${p.priority} ${p.weight}`),
      ['web.x.svc.cluster.local 80 0 100'],
    )
    const members = await dns.resolveSrv('_http._tcp.db.x.svc.cluster.local')
    assert.equal(members.map((m) => `${m.name} ${m.port} ${m.weight}`).sort(), [
      '10-42-0-6.db.x.svc.cluster.local 8080 50',
      'db-0.db.x.svc.cluster.local 8080 50',
    ])
    assert.equal(await dns.reverse('10.43.0.20'), ['web.x.svc.cluster.local'])
    assert.equal(await dns.reverse('10.42.0.5'), ['db-0.db.x.svc.cluster.local'])
    assert.equal(await dns.resolve4('10-42-0-9.x.pod.cluster.local'), ['10.42.0.9'])
    assert.equal(await dns.resolveCname('alias.x.svc.cluster.local'), ['web.x.svc.cluster.local'])
    assert.equal(await dns.resolve4('alias.x.svc.cluster.local'), ['10.43.0.20'])
    assert.equal(await dns.resolveTxt('dns-version.cluster.local'), [['1.1.0']])
  }))

test('what is not there is NXDOMAIN; what is there without the asked type is an empty answer', () =>
  withDns(cluster(), async (dns) => {
    const resolve = (name: string) => codeOf(dns.resolve4(name))
    assert.is(await resolve('none.x.svc.cluster.local'), 'ENOTFOUND')
    assert.is(await resolve('web.y.svc.cluster.local'), 'ENOTFOUND')
    assert.is(await resolve('empty.x.svc.cluster.local'), 'ENOTFOUND')
    assert.is(await resolve('_smtp._tcp.web.x.svc.cluster.local'), 'ENOTFOUND')
    assert.is(await resolve('example.test.x.svc.cluster.local'), 'ENOTFOUND')
    assert.is(await resolve('x.svc.cluster.local'), 'ENODATA')
    assert.is(await codeOf(dns.resolve6('web.x.svc.cluster.local')), 'ENODATA')
    assert.is(await codeOf(dns.reverse('10.42.9.9')), 'ENOTFOUND')
  }))

test('names follow the Services and endpoints as they change', () => {
  const informers = cluster()
  return withDns(informers, async (dns) => {
    informers.put(services, service('web', { clusterIP: '10.43.0.21', ports: [] }))
    informers.put(endpointslices, slice('db', [{ addresses: ['10.42.0.8'] }]))
    assert.equal(await dns.resolve4('web.x.svc.cluster.local'), ['10.43.0.21'])
    assert.equal(await dns.resolve4('db.x.svc.cluster.local'), ['10.42.0.8'])
    assert.is(await codeOf(dns.reverse('10.43.0.20')), 'ENOTFOUND')
    informers.remove(services, 'x/web')
    assert.is(await codeOf(dns.resolve4('web.x.svc.cluster.local')), 'ENOTFOUND')
  })
})

test('an answer that is too long for UDP comes whole by TCP', () => {
  const endpoints = Array.from({ length: 300 }, (_, i) => ({ addresses: [`10.42.${1 + (i >> 8)}.${i & 255}`] }))
  return withDns(cluster().put(endpointslices, slice('db', endpoints)), async (dns) => {
    assert.is((await dns.resolve4('db.x.svc.cluster.local')).length, 300)
  })
})

/** A name server that knows example.test, counts questions, and can be silent. */
async function otherServer() {
  const socket = createSocket('udp4')
  const state = { asked: 0 }
  socket.on('message', (query, client) => {
    state.asked++
    const end = query.indexOf(0, 12) + 5
    const head = Buffer.from(query.subarray(0, end))
    head.writeUInt16BE(0x8180, 2)
    for (const [at, n] of [
      [6, 1],
      [8, 0],
      [10, 0],
    ] as const)
      head.writeUInt16BE(n, at)
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4, 192, 0, 2, 55])
    socket.send(Buffer.concat([head, record]), client.port, client.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { state, address: `127.0.0.1#${socket.address().port}`, close: () => socket.close() }
}

test('other names go to the host’s resolvers, once for many askers, and through an ExternalName too', async () => {
  const other = await otherServer()
  await withDns(
    cluster(),
    async (dns) => {
      const all = await Promise.all(Array.from({ length: 20 }, () => dns.resolve4('example.test')))
      assert.ok(all.every(([ip]) => ip === '192.0.2.55'))
      assert.equal(await dns.resolve4('Example.Test'), ['192.0.2.55'])
      assert.is(other.state.asked, 1)
      assert.equal(await dns.resolve4('away.x.svc.cluster.local'), ['192.0.2.55'])
    },
    [other.address],
  )
  other.close()
})

test('garbage gets an error or silence, never a crash', () =>
  withDns(cluster(), async (dns, port) => {
    const socket = createSocket('udp4')
    socket.connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const header = [0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    const bad = [
      [],
      [1, 2, 3],
      header,
      [...header, 63, 1],
      [...header, 0xc0, 12, 0, 1, 0, 1],
      [...header.slice(0, 10), 255, 255, 0, 0, 1, 0, 1],
    ]
    for (const bytes of bad) socket.send(Buffer.from(bytes))
    for (let i = 0; i < 300; i++) socket.send(crypto.getRandomValues(Buffer.alloc(i % 90)))
    const [reply] = (await once(socket, 'message')) as [Buffer]
    assert.is((reply[3] ?? 0) & 15, 1)
    socket.close()
    const tcp = connect(port, '127.0.0.1')
    tcp.write(Buffer.from([0, 3, 1, 2, 3]))
    await once(tcp, 'close')
    assert.equal(await dns.resolve4('web.x.svc.cluster.local'), ['10.43.0.20'])
  }))

test.run()
