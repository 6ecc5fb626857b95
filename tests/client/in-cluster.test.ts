import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inClusterContext, isInCluster } from '../../src/client/in-cluster.ts'
import { tokenOf } from '../../src/client/kubeconfig.ts'

test('a pod finds its cluster by its environment and its service account by files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-pod-'))
  for (const [name, text] of Object.entries({ 'ca.crt': 'PEM', token: 'secret\n', namespace: 'team\n' }))
    writeFileSync(join(folder, name), text)
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }
  assert.ok(isInCluster(env))
  const { options, namespace } = await inClusterContext(env, folder)
  assert.is(options.server, 'https://[fd00::1]:6443')
  assert.is(namespace, 'team')
  assert.is(typeof options.token === 'function' && (await options.token()), 'secret')
  rmSync(folder, { recursive: true })
})

test('a token is read once for many requests, and again when reading failed', async () => {
  let reads = 0
  const token = tokenOf(async () => {
    if (++reads === 1) throw new Error('not yet')
    return `t${reads}`
  })
  await token().then(assert.unreachable, () => {})
  assert.equal([await token(), await token()], ['t2', 't2'])
})

test.run()
