import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openPki, type Pki } from '../../../src/api/auth/pki.ts'
import { claimCluster } from '../../../src/cli/assembly/cluster-keys.ts'
import { createMemoryStore } from '../../../src/store/memory/memory-store.ts'

const folder = await mkdtemp(join(tmpdir(), 'slipway-keys-'))
const pkiIn = (name: string): Promise<Pki> => openPki({ directory: join(folder, name), serviceAddress: '10.43.0.1' })
const [first, second] = await Promise.all([pkiIn('a'), pkiIn('b')])
const claimed = (store: ReturnType<typeof createMemoryStore>, pki: Pick<Pki, 'caCert' | 'tokenKey'>) =>
  claimCluster(store, pki, '/d/pki').then(
    () => 'claimed',
    (error: Error) => error.message,
  )

test('servers with the same keys share a store; one with others is told what to copy, also when both start at once', async () => {
  const store = createMemoryStore()
  assert.is(await claimed(store, first), 'claimed')
  assert.is(await claimed(store, first), 'claimed')
  assert.match(await claimed(store, second), /other keys than those in \/d\/pki: copy the folder pki of that server's --data/)
  const empty = createMemoryStore()
  const answers = await Promise.all([first, second].map((pki) => claimed(empty, pki)))
  assert.is(answers.filter((a) => a === 'claimed').length, 1)
})

test('one key at a time may be changed', async () => {
  const store = createMemoryStore()
  for (const pki of [first, { caCert: first.caCert, tokenKey: second.tokenKey }, second])
    assert.is(await claimed(store, pki), 'claimed')
  assert.match(await claimed(store, first), /other keys/)
})

test.after(() => rm(folder, { recursive: true }))
test.run()
