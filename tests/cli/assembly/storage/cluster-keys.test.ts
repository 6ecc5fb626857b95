import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openPki, type Pki } from '../../../../src/api/auth/pki.ts'
import { otherKeys } from '../../../../src/cli/assembly/storage/cluster-keys.ts'
import { createMemoryStore } from '../../../../src/store/memory/memory-store.ts'

const folder = await mkdtemp(join(tmpdir(), 'slipway-keys-'))
const pkiIn = (name: string): Promise<Pki> => openPki({ directory: join(folder, name), serviceAddress: '10.43.0.1' })
const [first, second] = await Promise.all([pkiIn('a'), pkiIn('b')])
const told = (store: ReturnType<typeof createMemoryStore>, pki: Pick<Pki, 'caCert' | 'tokenKey'>) =>
  otherKeys(store, pki, '/d/pki')

test('servers with the same keys share a store; of one with others it is told what to copy, also when both start at once', async () => {
  const store = createMemoryStore()
  assert.is(await told(store, first), undefined)
  assert.is(await told(store, first), undefined)
  assert.match(
    String(await told(store, second)),
    /other keys than those in \/d\/pki: .* copy the folder pki of that server's --data/,
  )
  assert.is(await told(store, first), undefined, 'what was noted first stays')
  const empty = createMemoryStore()
  const answers = await Promise.all([first, second].map((pki) => told(empty, pki)))
  assert.is(answers.filter((a) => a === undefined).length, 1)
})

test('one key at a time may be changed', async () => {
  const store = createMemoryStore()
  for (const pki of [first, { caCert: first.caCert, tokenKey: second.tokenKey }, second])
    assert.is(await told(store, pki), undefined)
  assert.match(String(await told(store, first)), /other keys/)
})

test.after(() => rm(folder, { recursive: true }))
test.run()
