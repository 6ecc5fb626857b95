import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Service } from '../../src/apimachinery/kinds.generated.ts'
import { defaultPolicy } from '../../src/nodes/docker/images.ts'
import { freeAddress } from '../../src/nodes/docker/network.ts'
import { credentialsFor } from '../../src/nodes/docker/registry-credentials.ts'
import { expand, serviceVariables } from '../../src/nodes/pods/environment.ts'
import { hostsFile, resolverFile } from '../../src/nodes/pods/files.ts'
import { judge } from '../../src/nodes/probes/verdict.ts'
import { parseLogOptions } from '../../src/nodes/streams/logs.ts'
import { pod } from './pod-views.ts'

test('$(NAME) is replaced where NAME is known, and $$ is a dollar', () => {
  const known = { A: '1', B: '2' }
  assert.is(expand('$(A)-$(B)-$(C)-$$(A)-$$$(A)-$A-$(', known), '1-2-$(C)-$(A)-$1-$A-$(')
  assert.is(expand('$(toString)', {}), '$(toString)')
})

test('services become variables: those of the namespace, and kubernetes always', () => {
  const service = (name: string, namespace: string, clusterIP: string, ports: object[]) =>
    ({ metadata: { name, namespace }, spec: { clusterIP, ports } }) as Service
  const all = [
    service('kubernetes', 'default', '10.43.0.1', [{ name: 'https', port: 443 }]),
    service('my-web', 'app', '10.43.0.9', [{ name: 'http', port: 80, protocol: 'TCP' }]),
    service('other', 'elsewhere', '10.43.0.8', [{ port: 1 }]),
    service('headless', 'app', 'None', [{ port: 1 }]),
  ]
  const variables = serviceVariables(all, 'app', true)
  assert.is(variables.MY_WEB_SERVICE_HOST, '10.43.0.9')
  assert.is(variables.MY_WEB_SERVICE_PORT_HTTP, '80')
  assert.is(variables.MY_WEB_PORT_80_TCP, 'tcp://10.43.0.9:80')
  assert.is(variables.KUBERNETES_SERVICE_PORT_HTTPS, '443')
  assert.not.ok(Object.keys(variables).some((k) => k.startsWith('OTHER') || k.startsWith('HEADLESS')))
  assert.not.ok('MY_WEB_SERVICE_HOST' in serviceVariables(all, 'app', false))
})

test('the resolver follows dnsPolicy and dnsConfig', () => {
  const cluster = { dns: '10.43.0.10', domain: 'cluster.local' }
  const host = 'nameserver 9.9.9.9\nsearch corp\n'
  assert.is(
    resolverFile(pod(), cluster, host),
    'search default.svc.cluster.local svc.cluster.local cluster.local corp\nnameserver 10.43.0.10\noptions ndots:5\n',
  )
  assert.is(resolverFile(pod({ hostNetwork: true }), cluster, host), 'search corp\nnameserver 9.9.9.9\n')
  const own = pod({
    dnsPolicy: 'None',
    dnsConfig: { nameservers: ['1.1.1.1'], searches: ['a'], options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }] },
  })
  assert.is(resolverFile(own, cluster, host), 'search a\nnameserver 1.1.1.1\noptions ndots:2 edns0\n')
})

test('/etc/hosts has the pod and its aliases', () => {
  const text = hostsFile(
    pod({ hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }] }),
    '10.42.0.5',
    'p',
    'sub.default.svc.cluster.local',
  )
  assert.match(text, /^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n/)
  assert.match(text, /\n10\.42\.0\.5\tp\.sub\.default\.svc\.cluster\.local\tp\n/)
  assert.match(text, /\n1\.2\.3\.4\ta\tb\n$/)
})

test('addresses go round, skip the taken and the reserved, and run out', () => {
  assert.is(freeAddress('10.42.3.0/24', new Set()), '10.42.3.2')
  assert.is(freeAddress('10.42.3.0/24', new Set(['10.42.3.3']), '10.42.3.2'), '10.42.3.4')
  assert.is(freeAddress('10.42.3.0/24', new Set(), '10.42.3.254'), '10.42.3.2')
  assert.is(freeAddress('10.42.3.0/30', new Set(['10.42.3.2'])), undefined)
})

test('only latest and untagged images are asked for always', () => {
  assert.is(defaultPolicy('web'), 'Always')
  assert.is(defaultPolicy('host:5000/web'), 'Always')
  assert.is(defaultPolicy('host:5000/web:1'), 'IfNotPresent')
  assert.is(defaultPolicy(`web@sha256:${'0'.repeat(64)}`), 'IfNotPresent')
})

test('the credentials of the longest matching registry are taken', () => {
  const auths = {
    'r.example': { username: 'a', password: '1' },
    'r.example/team': { auth: Buffer.from('b:2:3').toString('base64') },
    'https://index.docker.io/v1/': { username: 'h', password: 'x' },
  }
  const secret = {
    metadata: {},
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') },
  }
  assert.is(credentialsFor('r.example/x:1', [secret])?.username, 'a')
  assert.equal(
    [credentialsFor('r.example/team/x', [secret])?.username, credentialsFor('r.example/team/x', [secret])?.password],
    ['b', '2:3'],
  )
  assert.is(credentialsFor('nginx', [secret])?.username, 'h')
  assert.is(credentialsFor('other.example/x', [secret]), undefined)
})

test('a probe concludes only after its threshold in a row', () => {
  const probe = { failureThreshold: 2, successThreshold: 1 }
  const first = judge(undefined, false, probe)
  assert.is(first.verdict, undefined)
  assert.is(judge(first.streak, false, probe).verdict, false)
  assert.is(judge(first.streak, true, probe).verdict, true)
})

test('log options are read as kubectl sends them, and refused when wrong', () => {
  const options = parseLogOptions(new URLSearchParams('follow=true&tailLines=5&sinceSeconds=10&timestamps=true'), 20_000)
  assert.equal([options.follow, options.tailLines, options.since, options.timestamps], [true, 5, 10, true])
  assert.throws(() => parseLogOptions(new URLSearchParams('tailLines=-1'), 0), /tailLines/)
  assert.throws(() => parseLogOptions(new URLSearchParams('sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z'), 0), /at most one/)
})

test.run()
