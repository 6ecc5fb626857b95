import { createHmac } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConfigMap, Secret } from '../../src/apimachinery/kinds.generated.ts'
import { configmaps, namespaces, secrets } from '../../src/apimachinery/resources.generated.ts'
import { expiryOf, signaturesOf } from '../../src/controllers/bootstrap-tokens.ts'
import { startCluster } from './cluster.ts'

const now = Date.UTC(2026, 0, 1)
const token = (id: string, fields: Record<string, string> = {}): Secret => {
  const data = { 'token-id': id, 'token-secret': '0123456789abcdef', 'usage-bootstrap-signing': 'true', ...fields }
  return {
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
  }
}

test('cluster-info is signed by every token that may, with a detached signature that its holder can check', () => {
  const expired = token('bbbbbb', { expiration: '2025-12-31T00:00:00Z' })
  const silent = token('cccccc', { 'usage-bootstrap-signing': 'false' })
  const found = signaturesOf('content', [token('aaaaaa'), expired, silent], now)
  assert.equal(Object.keys(found), ['jws-kubeconfig-aaaaaa'])
  const [header, payload, signature] = (found['jws-kubeconfig-aaaaaa'] ?? '').split('.')
  assert.equal(JSON.parse(Buffer.from(header ?? '', 'base64url').toString()), { alg: 'HS256', kid: 'aaaaaa' })
  assert.is(payload, '')
  const signed = `${header}.${Buffer.from('content').toString('base64url')}`
  assert.is(signature, createHmac('sha256', '0123456789abcdef').update(signed).digest('base64url'))
})

test('an expiration that cannot be read has passed', () => {
  assert.is(expiryOf(token('aaaaaa')), undefined)
  assert.is(expiryOf(token('aaaaaa', { expiration: 'tomorrow' })), 0)
})

test('signatures come and go with their tokens, and expired tokens are deleted', async () => {
  const cluster = await startCluster()
  for (const name of ['kube-system', 'kube-public'])
    await cluster.client.create(namespaces, { metadata: { name } } as never).catch(() => {})
  const kubeconfig = 'apiVersion: v1'
  const map: ConfigMap = { metadata: { name: 'cluster-info', namespace: 'kube-public' }, data: { kubeconfig } }
  await cluster.client.create(configmaps, map, { namespace: 'kube-public' })
  await cluster.client.create(secrets, token('aaaaaa'), { namespace: 'kube-system' })
  await cluster.client.create(secrets, token('bbbbbb', { expiration: '2020-01-01T00:00:00Z' }), { namespace: 'kube-system' })
  const keys = async () => Object.keys((await cluster.get(configmaps, 'cluster-info', 'kube-public'))?.data ?? {})
  await cluster.until('cluster-info is signed', async () => (await keys()).includes('jws-kubeconfig-aaaaaa'))
  await cluster.until(
    'the expired token is gone',
    async () => !(await cluster.get(secrets, 'bootstrap-token-bbbbbb', 'kube-system')),
  )
  await cluster.client.delete(secrets, 'bootstrap-token-aaaaaa', { namespace: 'kube-system' })
  await cluster.until('the signature is gone', async () => (await keys()).length === 1)
  assert.equal(cluster.errors, [])
  await cluster.stop()
})

test.run()
