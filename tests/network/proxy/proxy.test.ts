import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../../src/apimachinery/clock.ts'
import type { EndpointSlice, Service } from '../../../src/apimachinery/kinds.generated.ts'
import { endpointslices, services } from '../../../src/apimachinery/resources.generated.ts'
import { staleFlows } from '../../../src/network/proxy/conntrack.ts'
import { startProxy } from '../../../src/network/proxy/proxy.ts'
import { rulesOf } from '../../../src/network/proxy/rules.ts'
import { Ruleset } from '../../../src/network/proxy/ruleset.ts'
import { portsOf } from '../../../src/network/proxy/service-port.ts'
import { silentLog } from '../../../src/operators/log.ts'
import { InformersInMemory } from '../informers-in-memory.ts'

const podCidr = '10.42.0.0/16'
const tableOptions = { podCidr, serviceCidr: '10.43.0.0/16', bridgeFiltered: true }
const localNodes = new Set(['n1'])

const service = (spec: object, name = 'web', status: object = {}): Service =>
  ({
    metadata: { namespace: 'x', name },
    spec: { clusterIP: '10.43.0.9', clusterIPs: ['10.43.0.9'], ports: [{ name: 'http', port: 80, protocol: 'TCP' }], ...spec },
    status,
  }) as Service

type Point = { ip: string; node?: string; ready?: boolean; ending?: boolean }
const slice = (points: Point[], name = 'web', protocol = 'TCP'): EndpointSlice =>
  ({
    metadata: { namespace: 'x', name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol }],
    endpoints: points.map(({ ip, node = 'n1', ready = true, ending = false }) => ({
      addresses: [ip],
      nodeName: node,
      conditions: { ready, serving: ready || ending, terminating: ending },
    })),
  }) as EndpointSlice

const ipsOf = (list: readonly { ip: string }[]) => list.map((e) => e.ip)

test('traffic goes to ready endpoints, and to ending ones only while none is ready', () => {
  const points: Point[] = [
    { ip: '10.42.0.2' },
    { ip: '10.42.0.3', ready: false },
    { ip: '10.42.0.4', ready: false, ending: true },
  ]
  assert.equal(ipsOf(portsOf(service({}), [slice(points)], localNodes)[0]?.all ?? []), ['10.42.0.2'])
  assert.equal(ipsOf(portsOf(service({}), [slice(points.slice(1))], localNodes)[0]?.all ?? []), ['10.42.0.4'])
})

test('the policy Local keeps to endpoints of this machine, each side by its own policy', () => {
  const points: Point[] = [{ ip: '10.42.0.2' }, { ip: '10.42.1.2', node: 'n2' }]
  const [port] = portsOf(service({ type: 'NodePort', externalTrafficPolicy: 'Local' }), [slice(points)], localNodes)
  assert.equal(ipsOf(port?.external ?? []), ['10.42.0.2'])
  assert.equal(ipsOf(port?.internal ?? []), ['10.42.0.2', '10.42.1.2'])
})

test('headless and ExternalName Services need nothing of the proxy', () => {
  assert.equal(portsOf(service({ clusterIP: 'None', clusterIPs: ['None'] }), [], localNodes), [])
  assert.equal(portsOf(service({ type: 'ExternalName', externalName: 'a.b', clusterIP: '', clusterIPs: [] }), [], localNodes), [])
})

test('a changed endpoint changes its own chain only; an unchanged Service costs nothing', () => {
  const ruleset = new Ruleset()
  const of = (...ips: string[]) => rulesOf(portsOf(service({}), [slice(ips.map((ip) => ({ ip })))], localNodes), podCidr)
  ruleset.replace('x/web', of('10.42.0.2', '10.42.0.3'))
  assert.equal(ruleset.replace('x/web', of('10.42.0.2', '10.42.0.3')), [])
  const commands = ruleset.replace('x/web', of('10.42.0.2'))
  assert.is(commands.filter((c) => c.includes('service-ips')).length, 0)
  assert.ok(commands.includes('delete element ip slipway hairpin { 10.42.0.3 . 10.42.0.3 }'))
  assert.ok(commands.some((c) => c.endsWith('dnat to 10.42.0.2:8080')))
  assert.ok(ruleset.replace('x/web', undefined).some((c) => c.startsWith('delete chain')))
})

test('two Services that claim one address: the first has it, the second takes over', () => {
  const ruleset = new Ruleset()
  const of = (name: string) =>
    rulesOf(
      portsOf(
        service({ externalIPs: ['192.0.2.1'], clusterIPs: [`10.43.0.${name.length}`] }, name),
        [slice([{ ip: '10.42.0.2' }], name)],
        localNodes,
      ),
      podCidr,
    )
  ruleset.replace('x/a', of('a'))
  assert.is(ruleset.replace('x/bb', of('bb')).filter((c) => c.includes('192.0.2.1')).length, 0)
  const [removed, added] = ruleset.replace('x/a', undefined).filter((c) => c.includes('192.0.2.1'))
  assert.match(removed ?? '', /^delete element/)
  assert.match(added ?? '', /^add element .*\/x\/bb\//)
})

test('remembered UDP flows to an ended endpoint, or from before the first endpoint, are forgotten', () => {
  const udp = (...ips: string[]) =>
    portsOf(
      service({ ports: [{ name: 'http', port: 53, protocol: 'UDP' }] }),
      [
        slice(
          ips.map((ip) => ({ ip })),
          'web',
          'UDP',
        ),
      ],
      localNodes,
    )
  assert.equal(staleFlows(udp('10.42.0.2', '10.42.0.3'), udp('10.42.0.3')), [{ to: { ip: '10.43.0.9' }, endpoint: '10.42.0.2' }])
  assert.equal(staleFlows(udp(), udp('10.42.0.3')), [{ to: { ip: '10.43.0.9' }, endpoint: undefined }])
  assert.equal(staleFlows(udp('10.42.0.3'), udp('10.42.0.3', '10.42.0.4')), [])
})

test('the proxy makes the table once, then sends only changes, and makes it anew when one is refused', async () => {
  const informers = new InformersInMemory().put(services, service({})).put(endpointslices, slice([{ ip: '10.42.0.2' }]))
  const sent: string[] = []
  let told = (): void => {}
  let fail = false
  const apply = async (commands: string) => {
    sent.push(commands)
    told()
    if (fail) {
      fail = false
      throw new Error('no such table')
    }
  }
  const next = () =>
    new Promise<void>((resolve) => {
      told = resolve
    })
  const stop = new AbortController()
  const options = {
    ...tableOptions,
    bridgeFiltered: false,
    informers,
    localNodes,
    clock: systemClock,
    log: silentLog,
    signal: stop.signal,
    apply,
  }
  await startProxy(options)
  assert.match(sent[0] ?? '', /delete table ip slipway[\s\S]*add element ip slipway service-ips \{ 10\.43\.0\.9 \. tcp \. 80/)
  let changed = next()
  informers.put(endpointslices, slice([{ ip: '10.42.0.7' }]))
  await changed
  assert.not.match(sent[1] ?? '', 'delete table')
  assert.match(sent[1] ?? '', 'dnat to 10.42.0.7:8080')
  fail = true
  changed = next()
  informers.remove(services, 'x/web')
  await changed
  await next()
  assert.match(sent[3] ?? '', 'delete table')
  assert.not.match(sent[3] ?? '', '10.43.0.9')
  stop.abort()
})

const canUseNft = spawnSync('unshare', ['-n', 'nft', 'list', 'tables']).status === 0

test('nft accepts everything the proxy says: all kinds of Services, changed and removed', () => {
  if (!canUseNft) return
  const ruleset = new Ruleset()
  const rich = (ips: string[], affinity: string) =>
    rulesOf(
      portsOf(
        service(
          {
            type: 'LoadBalancer',
            sessionAffinity: affinity,
            externalTrafficPolicy: 'Local',
            externalIPs: ['198.51.100.1'],
            loadBalancerSourceRanges: ['192.0.2.0/24'],
            ports: [{ name: 'http', port: 80, nodePort: 30080, protocol: 'TCP' }],
          },
          'web',
          { loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } },
        ),
        [slice(ips.map((ip) => ({ ip })))],
        localNodes,
      ),
      podCidr,
    )
  ruleset.replace('x/web', rich(['10.42.0.2', '10.42.0.3'], 'ClientIP'))
  const steps = [
    ruleset.all({ ...tableOptions, bridgeFiltered: false }),
    ruleset.replace('x/web', rich(['10.42.0.3', '10.42.0.4'], 'ClientIP')).join('\n'),
    ruleset.replace('x/web', rich([], 'ClientIP')).join('\n'),
    ruleset.replace('x/web', rich(['10.42.0.5'], 'None')).join('\n'),
    ruleset.replace('x/web', undefined).join('\n'),
    ruleset.all(tableOptions),
  ]
  const script = steps.map((text) => `nft -f - <<'END' || exit 1\n${text}\nEND\n`).join('')
  const { status, stderr } = spawnSync('unshare', ['-n', 'sh', '-c', script], { encoding: 'utf8' })
  assert.is(status, 0, stderr)
})

test.run()
