import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { forwardedHeaders } from '../../../src/api/proxy/forward.ts'
import { containerOf, kubeletOf, kubeletPath, parseProxyName, podPort, serviceEndpoint } from '../../../src/api/proxy/targets.ts'
import type { EndpointSlice, Node, Pod, Service } from '../../../src/apimachinery/kinds.generated.ts'
import { StatusError } from '../../../src/apimachinery/status.ts'

const pod = (...containers: string[]): Pod => ({
  metadata: { name: 'web', namespace: 'shop' },
  spec: { containers: containers.map((name) => ({ name, ports: [{ name: 'http', containerPort: 8080 }] })) },
})
const refusal = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`
    throw error
  }
  return 'nothing refused'
}

test('a pod of one container needs no name; of several one must be said; unknown ones are refused', () => {
  assert.is(containerOf(pod('a'), null), 'a')
  assert.is(containerOf(pod('a', 'b'), 'b'), 'b')
  assert.is(
    refusal(() => containerOf(pod('a', 'b'), null)),
    '400 a container name must be specified for pod web, choose one of: [a b]',
  )
  assert.is(
    refusal(() => containerOf(pod('a'), 'x')),
    '400 container x is not valid for pod web',
  )
})

test("queries take the kubelet's names, and nothing in them leaves its segment", () => {
  const query = new URLSearchParams('command=sh&command=-c&command=a/../b&stdin=true&stdout=1&tty=false&container=a')
  assert.is(kubeletPath('exec', pod('a'), query), '/exec/shop/web/a?input=1&output=1&command=sh&command=-c&command=a%2F..%2Fb')
  assert.is(
    kubeletPath('log', pod('a'), new URLSearchParams('follow=true&tailLines=5')),
    '/containerLogs/shop/web/a?follow=true&tailLines=5',
  )
  assert.is(
    kubeletPath('portforward', pod('a'), new URLSearchParams('ports=80&ports=81')),
    '/portForward/shop/web?port=80&port=81',
  )
})

test("a kubelet is where its node's status says", () => {
  const status = {
    addresses: [
      { type: 'Hostname', address: 'n' },
      { type: 'InternalIP', address: '10.0.0.1' },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 1234 } },
  }
  assert.equal(kubeletOf({ metadata: {}, status } as Node), { host: '10.0.0.1', port: 1234 })
  assert.match(
    refusal(() => kubeletOf({ metadata: {} })),
    /^500 no preferred addresses found/,
  )
})

test('proxy names are [scheme:]name[:port]', () => {
  assert.equal(parseProxyName('web'), { scheme: 'http', name: 'web', port: '' })
  assert.equal(parseProxyName('web:http'), { scheme: 'http', name: 'web', port: 'http' })
  assert.equal(parseProxyName('https:web:'), { scheme: 'https', name: 'web', port: '' })
  assert.match(
    refusal(() => parseProxyName('ftp:web:21')),
    /^400 invalid proxy request/,
  )
  assert.is(podPort(pod('a'), ''), 8080)
  assert.is(podPort(pod('a'), 'http'), 8080)
})

test('a service leads to a ready endpoint of the port that is meant', () => {
  const service = { metadata: { name: 'web' }, spec: { ports: [{ name: 'http', port: 80 }] } } as Service
  const slice = (ready: boolean) =>
    ({
      metadata: {},
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080 }],
      endpoints: [{ addresses: ['10.42.0.9'], conditions: { ready } }],
    }) as EndpointSlice
  assert.equal(serviceEndpoint(service, [slice(true)], 'http', 0.99), { host: '10.42.0.9', port: 8080 })
  assert.is(
    refusal(() => serviceEndpoint(service, [slice(false)], '80', 0)),
    '503 no endpoints available for service "web"',
  )
})

test('credentials are never forwarded, not even in a subprotocol', () => {
  const headers = {
    authorization: 'Bearer x',
    cookie: 'c',
    host: 'h',
    'impersonate-user': 'a',
    accept: '*/*',
    upgrade: 'websocket',
    connection: 'Upgrade',
  }
  assert.equal({ ...forwardedHeaders(headers, false) }, { accept: '*/*' })
  const upgrading = forwardedHeaders(
    { ...headers, 'sec-websocket-protocol': 'v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.eA' },
    true,
  )
  assert.equal(
    { ...upgrading },
    { accept: '*/*', upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-protocol': 'v5.channel.k8s.io' },
  )
})

test.run()
