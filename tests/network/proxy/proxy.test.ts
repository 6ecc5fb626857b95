import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../../src/apimachinery/clock.ts'
import { endpointslices, services } from '../../../src/apimachinery/resources.generated.ts'
import { staleFlows } from '../../../src/network/proxy/conntrack.ts'
import { rulesOf as iptablesRulesOf } from '../../../src/network/proxy/iptables/rules.ts'
import { changeText, presentIn, rebuildText } from '../../../src/network/proxy/iptables/tables.ts'
import { nftBackend } from '../../../src/network/proxy/nft/backend.ts'
import { isLoss } from '../../../src/network/proxy/nft/monitor.ts'
import { rulesOf } from '../../../src/network/proxy/nft/rules.ts'
import { commandsOf } from '../../../src/network/proxy/nft/table.ts'
import { startProxy } from '../../../src/network/proxy/proxy.ts'
import { isEmpty, Ruleset } from '../../../src/network/proxy/ruleset.ts'
import { portsOf } from '../../../src/network/proxy/service-port.ts'
import { silentLog } from '../../../src/operators/log.ts'
import { InformersInMemory } from '../informers-in-memory.ts'
import { type Point, service, slice } from './service-objects.ts'

const podCidr = '10.42.0.0/16'
const ranges = { podCidr, serviceCidr: '10.43.0.0/16', bridgeFiltered: true }
const localNodes = new Set(['n1'])

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

const of = (ips: readonly string[], spec: object = {}, name = 'web') =>
  portsOf(
    service(spec, name),
    [
      slice(
        ips.map((ip) => ({ ip })),
        name,
      ),
    ],
    localNodes,
  )

test('a changed endpoint changes its own chain only; an unchanged Service costs nothing', () => {
  const ruleset = new Ruleset()
  const rules = (...ips: string[]) => rulesOf(of(ips), podCidr)
  ruleset.replace('x/web', rules('10.42.0.2', '10.42.0.3'))
  assert.ok(isEmpty(ruleset.replace('x/web', rules('10.42.0.2', '10.42.0.3'))))
  const commands = commandsOf(ruleset.replace('x/web', rules('10.42.0.2')))
  assert.is(commands.filter((c) => c.includes('service-ips')).length, 0)
  assert.ok(commands.includes('delete element ip slipway hairpin { 10.42.0.3 . 10.42.0.3 }'))
  assert.ok(commands.some((c) => c.endsWith('dnat to 10.42.0.2:8080')))
  assert.ok(commandsOf(ruleset.replace('x/web', undefined)).some((c) => c.startsWith('delete chain')))
})

test('two Services that claim one address: the first has it, the second takes over', () => {
  const ruleset = new Ruleset()
  const rules = (name: string) =>
    rulesOf(of(['10.42.0.2'], { externalIPs: ['192.0.2.1'], clusterIPs: [`10.43.0.${name.length}`] }, name), podCidr)
  ruleset.replace('x/a', rules('a'))
  assert.is(ruleset.replace('x/bb', rules('bb')).added.filter((e) => e.key.includes('192.0.2.1')).length, 0)
  const { removed, added } = ruleset.replace('x/a', undefined)
  assert.ok(removed.some((e) => e.key.startsWith('192.0.2.1')))
  assert.match(added.find((e) => e.key.startsWith('192.0.2.1'))?.value ?? '', '/x/bb/')
})

test('iptables: a change touches the chains of its Service and the shared ones by single rules, in the tables it concerns', () => {
  const ruleset = new Ruleset()
  ruleset.replace('x/web', iptablesRulesOf(of(['10.42.0.2', '10.42.0.3']), podCidr))
  const text = changeText([ruleset.replace('x/web', iptablesRulesOf(of(['10.42.0.2']), podCidr))])
  assert.match(text, /^\*nat\n:SLIPWAY-SVC-[0-9A-F]{12} - \[0:0\]\n/)
  assert.match(text, '-D SLIPWAY-HAIRPIN -s 10.42.0.3/32 -d 10.42.0.3/32 -j MASQUERADE')
  assert.not.match(text, /\*filter|SLIPWAY-VIPS|statistic/)
  assert.is(changeText([]), '')
})

test('iptables: chains of an earlier run that no Service wants are deleted, and a hook that is there is not put there twice', () => {
  const none = { chains: [], hooks: [] }
  const saved =
    ':PREROUTING ACCEPT [0:0]\n:SLIPWAY-SVC-OLD - [0:0]\n-A PREROUTING -j SLIPWAY-SERVICES\n-A SLIPWAY-SERVICES -j SLIPWAY-VIPS\n'
  const text = rebuildText(new Ruleset().all(), ranges, { nat: presentIn(saved), mangle: none, filter: none })
  assert.match(text, /:SLIPWAY-SVC-OLD - [\s\S]*-X SLIPWAY-SVC-OLD/)
  assert.not.match(text, '-I PREROUTING 1 -j SLIPWAY-SERVICES')
  assert.match(text, '-I OUTPUT 1 -j SLIPWAY-SERVICES')
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
    ...ranges,
    bridgeFiltered: false,
    backend: nftBackend({ ...ranges, bridgeFiltered: false }, apply),
    informers,
    localNodes,
    clock: systemClock,
    log: silentLog,
    signal: stop.signal,
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

test('when another program took the rules away, all are made anew', async () => {
  const informers = new InformersInMemory().put(services, service({})).put(endpointslices, slice([{ ip: '10.42.0.2' }]))
  const sent: string[] = []
  let told = (): void => {}
  const apply = async (commands: string) => {
    sent.push(commands)
    told()
  }
  let lost = (): void => {}
  const watch = async (onLoss: () => void) => {
    lost = onLoss
  }
  const backend = { ...nftBackend(ranges, apply), watch }
  const stop = new AbortController()
  await startProxy({ ...ranges, backend, informers, localNodes, clock: systemClock, log: silentLog, signal: stop.signal })
  const again = new Promise<void>((resolve) => {
    told = resolve
  })
  lost()
  await again
  assert.is(sent[1], sent[0])
  stop.abort()
})

test('nft monitor: the loss of the table or of shared rules is noticed, our own changes to Services are not', () => {
  const lines = ['delete table ip slipway', 'delete rule ip slipway nat-output handle 7', '# ERROR: We lost some netlink events!']
  for (const line of lines) assert.ok(isLoss(line), line)
  for (const line of [
    'delete table ip filter',
    'delete table ip slipway-probe',
    'delete rule ip slipway svc-0123456789/x/web handle 9',
    'delete chain ip slipway svc-0123456789/x/web',
    'delete element ip slipway hairpin { 10.42.0.2 . 10.42.0.2 }',
    '# new generation 9 by process 12 (nft)',
  ])
    assert.not(isLoss(line), line)
})

test.run()
