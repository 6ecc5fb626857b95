import { execFileSync, spawnSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep, systemClock } from '../../../src/apimachinery/clock.ts'
import type { Backend, Ranges } from '../../../src/network/proxy/backend.ts'
import {
  type Flavour,
  iptablesBackend,
  iptablesPrograms,
  probeIptables,
  removeIptables,
} from '../../../src/network/proxy/iptables/backend.ts'
import { nftBackend, probeNft, removeNft } from '../../../src/network/proxy/nft/backend.ts'
import { Ruleset } from '../../../src/network/proxy/ruleset.ts'
import { portsOf } from '../../../src/network/proxy/service-port.ts'
import { silentLog } from '../../../src/operators/log.ts'
import { type Point, service, slice } from './service-objects.ts'
import { makeSmallNetwork, type SmallNetwork } from './small-network.ts'

const ranges: Ranges = { podCidr: '10.42.0.0/16', serviceCidr: '10.43.0.0/16', bridgeFiltered: true }
const a: Point = { ip: '10.42.0.2' }
const b: Point = { ip: '10.42.0.3' }
const vip = '10.43.0.9'
const nodePort = { type: 'NodePort', ports: [{ name: 'http', port: 80, nodePort: 30080, protocol: 'TCP' }] }

interface Subject {
  /** Undefined when this machine has not got it. */
  make(): Promise<Backend | undefined>
  remove(): Promise<void>
  /** What the kernel has, as text. */
  dump(): string
}

const iptables = (flavour: Flavour): Subject => ({
  make: async () => {
    const name = await probeIptables(flavour).catch(() => undefined)
    return name === undefined ? undefined : iptablesBackend(ranges, name, iptablesPrograms(flavour))
  },
  remove: () => removeIptables(flavour),
  dump: () => execFileSync(`iptables${flavour}-save`, { encoding: 'utf8' }),
})
const subjects: Record<string, Subject> = {
  nftables: {
    make: () =>
      probeNft(ranges).then(
        () => nftBackend(ranges),
        () => undefined,
      ),
    remove: removeNft,
    dump: () => execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' }),
  },
  'iptables (nf_tables)': iptables('-nft'),
  'iptables (legacy)': iptables('-legacy'),
}

/** What every backend does, seen from clients on a network of namespaces. */
function contract(name: string, { make, remove, dump }: Subject, network: SmallNetwork): void {
  const test = suite(`${name} carries Services`)
  const { ask } = network
  let backend: Backend
  let ruleset = new Ruleset()
  const put = async (spec: object, points: Point[], service_ = 'web', status: object = {}): Promise<void> => {
    const ports = portsOf(service(spec, service_, status), [slice(points, service_)], new Set(['n1']))
    await backend.change([ruleset.replace(`x/${service_}`, backend.rulesOf(ports))])
  }
  const asked = (n: number, ...args: Parameters<SmallNetwork['ask']>): string[] => [
    ...new Set(Array.from({ length: n }, () => ask(...args).split(' ')[0] ?? '')),
  ]

  test.before(async () => {
    backend = (await make()) as Backend
  })
  test.before.each(async () => {
    ruleset = new Ruleset()
    await backend.rebuild(ruleset.all())
  })
  test.after(remove)

  test('its name is what status shows', () => assert.is(backend.name, name))

  test('the cluster IP is balanced over the ready endpoints, for pods and for the host', async () => {
    await put({}, [a, b])
    assert.equal(asked(24, 'host', vip, 80).sort(), ['a', 'b'])
    assert.equal(asked(24, 'a', vip, 80).sort(), ['a', 'b'])
    await put({}, [b])
    assert.equal(asked(6, 'host', vip, 80), ['b'])
  })

  test('a pod reaches itself by its Service, and others see the pod that asks', async () => {
    await put({}, [a])
    assert.match(ask('a', vip, 80), /^a /)
    assert.is(ask('b', vip, 80), 'a 10.42.0.3')
  })

  test('the node port answers outside clients, the host and its 127.0.0.1', async () => {
    await put(nodePort, [a])
    assert.match(ask('out', '198.51.100.1', 30080), /^a /)
    assert.match(ask('host', '198.51.100.1', 30080), /^a /)
    assert.match(ask('host', '127.0.0.1', 30080), /^a /)
    assert.match(ask('b', '198.51.100.1', 30080), /^a /)
    assert.is(ask('out', '198.51.100.1', 80), 'refused')
  })

  test('without endpoints, and for addresses of no Service, a client is refused at once', async () => {
    await put({ ...nodePort, externalIPs: ['203.0.113.7'] }, [])
    for (const from of ['host', 'a'] as const) {
      assert.is(ask(from, vip, 80), 'refused')
      assert.is(ask(from, '203.0.113.7', 80), 'refused')
      assert.is(ask(from, '10.43.7.7', 80), 'refused')
    }
    assert.is(ask('out', '198.51.100.1', 30080), 'refused')
    assert.is(ask('out', '203.0.113.7', 80), 'refused')
  })

  test('with session affinity a client stays where it was, until that endpoint is gone', async () => {
    const spec = { sessionAffinity: 'ClientIP' }
    await put(spec, [a, b])
    const [chosen = '', ...others] = asked(12, 'host', vip, 80)
    assert.equal(others, [])
    await put(spec, chosen === 'a' ? [b] : [a])
    assert.equal(asked(4, 'host', vip, 80), [chosen === 'a' ? 'b' : 'a'])
  })

  test('external policy Local: outside clients keep their address and reach this machine only; those inside reach all', async () => {
    const spec = { ...nodePort, externalTrafficPolicy: 'Local' }
    await put(spec, [a, { ...b, node: 'n2' }])
    assert.equal(asked(12, 'out', '198.51.100.1', 30080), ['a'])
    assert.is(ask('out', '198.51.100.1', 30080), 'a 198.51.100.2')
    assert.equal(asked(24, 'host', '198.51.100.1', 30080).sort(), ['a', 'b'])
    await put(spec, [{ ...b, node: 'n2' }])
    assert.is(ask('out', '198.51.100.1', 30080), 'nothing')
    assert.match(ask('host', '198.51.100.1', 30080), /^b /)
  })

  test('internal policy Local without an endpoint here: nothing answers, and nobody is told that nothing is there', async () => {
    await put({ internalTrafficPolicy: 'Local' }, [{ ...b, node: 'n2' }])
    assert.is(ask('host', vip, 80), 'nothing')
    await put({ internalTrafficPolicy: 'Local' }, [a, { ...b, node: 'n2' }])
    assert.equal(asked(8, 'b', vip, 80), ['a'])
  })

  test('source ranges guard the load balancer address', async () => {
    const status = { loadBalancer: { ingress: [{ ip: '203.0.113.9' }] } }
    const spec = { ...nodePort, type: 'LoadBalancer', loadBalancerSourceRanges: ['192.0.2.0/24'] }
    await put(spec, [a], 'web', status)
    assert.is(ask('out', '203.0.113.9', 80), 'nothing')
    await put({ ...spec, loadBalancerSourceRanges: ['192.0.2.0/24', '198.51.100.0/24'] }, [a], 'web', status)
    assert.match(ask('out', '203.0.113.9', 80), /^a /)
    await put({ ...spec, loadBalancerSourceRanges: [] }, [a], 'web', status)
    assert.match(ask('out', '203.0.113.9', 80), /^a /)
  })

  test('an address that two Services claim goes to the second when the first is gone', async () => {
    const spec = (ip: string) => ({ externalIPs: ['203.0.113.7'], clusterIP: ip, clusterIPs: [ip] })
    await put(spec('10.43.0.1'), [a], 'one')
    await put(spec('10.43.0.2'), [b], 'two')
    assert.equal(asked(4, 'out', '203.0.113.7', 80), ['a'])
    await backend.change([ruleset.replace('x/one', undefined)])
    assert.equal(asked(4, 'out', '203.0.113.7', 80), ['b'])
  })

  test('every protocol, with and without affinity, can be put, changed and removed in one transaction', async () => {
    const ports = ['TCP', 'UDP', 'SCTP'].map((protocol, i) => ({ name: 'http', port: 80, nodePort: 30_080 + i, protocol }))
    for (const sessionAffinity of ['ClientIP', 'None'])
      for (const points of [[a, b], [b], []])
        for (const protocol of ['TCP', 'UDP', 'SCTP']) {
          const of = portsOf(service({ ...nodePort, ports, sessionAffinity }), [slice(points, 'web', protocol)], new Set(['n1']))
          const other = portsOf(service({ clusterIPs: ['10.43.0.8'] }, 'other'), [slice(points, 'other')], new Set(['n1']))
          await backend.change([
            ruleset.replace('x/web', backend.rulesOf(of)),
            ruleset.replace('x/other', backend.rulesOf(other)),
          ])
        }
    await backend.change([ruleset.replace('x/web', undefined), ruleset.replace('x/other', undefined)])
  })

  test('a change that does not fit what the kernel has is refused whole, and a rebuild mends it', async () => {
    await put({}, [a])
    await remove()
    let refused: unknown
    await put({ clusterIPs: ['10.43.0.8'] }, [a]).catch((error: unknown) => (refused = error))
    assert.instance(refused, Error)
    await backend.rebuild(ruleset.all())
    assert.match(ask('host', '10.43.0.8', 80), /^a /)
  })

  test('a new process makes everything anew, without what the old one left', async () => {
    await put({}, [a])
    ruleset = new Ruleset()
    await backend.rebuild(ruleset.all())
    const empty = dump()
    assert.is(ask('host', vip, 80), 'refused')
    await put({}, [a])
    await backend.change([ruleset.replace('x/web', undefined)])
    await backend.rebuild(ruleset.all())
    const counted = (text: string) => text.replace(/#.*|\[\d+:\d+\]|handle \d+/g, '')
    assert.is(counted(dump()), counted(empty))
  })

  test('what another program takes away is told of, where the kernel tells; our own doings are not', async () => {
    if (!backend.watch) return
    const stop = new AbortController()
    let losses = 0
    let told = (): void => {}
    const lost = () => {
      losses++
      told()
    }
    const watching = backend.watch(lost, { clock: systemClock, log: silentLog, signal: stop.signal })
    try {
      await sleep(systemClock, 300)
      await put(nodePort, [a, b])
      await put(nodePort, [b])
      await backend.rebuild(ruleset.all())
      await sleep(systemClock, 600)
      assert.is(losses, 0)
      for (const command of [
        'flush ruleset',
        'delete table ip slipway',
        'flush table ip slipway',
        'flush chain ip slipway nat-output',
      ]) {
        const noticed = new Promise<void>((resolve) => {
          told = resolve
        })
        execFileSync('nft', command.split(' '))
        await noticed
        await backend.rebuild(ruleset.all())
        assert.match(ask('host', vip, 80), /^b /, command)
      }
    } finally {
      stop.abort()
      await watching
    }
  })

  test('removal leaves nothing of ours', async () => {
    await put({ ...nodePort, sessionAffinity: 'ClientIP' }, [a, b])
    await remove()
    assert.not.match(dump(), /slipway/i)
    await remove()
    await backend.rebuild(ruleset.all())
  })

  test.run()
}

const name = process.env.SLIPWAY_BACKEND
const subject = subjects[name ?? '']
if (name && subject) {
  if (await subject.make()) {
    const network = await makeSmallNetwork()
    contract(name, subject, network)
    process.once('beforeExit', () => network.close())
  } else console.log(`${name} can not be used on this machine: its contract is not tested`)
} else if (spawnSync('unshare', ['--net', '--mount', 'true']).status === 0) {
  for (const name of Object.keys(subjects)) {
    const { status } = spawnSync('unshare', ['--net', '--mount', process.execPath, ...process.execArgv, import.meta.filename], {
      stdio: 'inherit',
      env: { ...process.env, SLIPWAY_BACKEND: name },
    })
    if (status !== 0) process.exitCode = 1
  }
} else console.log('network namespaces need root: the contract of the proxy backends is not tested')
