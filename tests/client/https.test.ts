import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { kubeconfig } from '../../src/api/auth/kubeconfig.ts'
import { openPki, type Pki } from '../../src/api/auth/pki.ts'
import type { ConfigMap } from '../../src/apimachinery/kinds.generated.ts'
import type { OpenPort } from '../../src/apimachinery/open-port.ts'
import { configmaps } from '../../src/apimachinery/resources.generated.ts'
import { isConflict, isNotFound } from '../../src/apimachinery/status.ts'
import type { Client } from '../../src/client/client.ts'
import { fromKubeconfig } from '../../src/client/https.ts'
import { testApi } from '../api/test-api.ts'

let directory: string
let pki: Pki
let listening: OpenPort
const transports: Record<string, Client> = {}

test.before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-client-'))
  pki = await openPki({ directory: join(directory, 'pki'), serviceAddress: '10.43.0.1' })
  const { api, client } = await testApi()
  listening = await api.listen({ port: 0, host: '127.0.0.1', ...pki.serving, clientCa: pki.caCert })
  const file = join(directory, 'kubeconfig')
  const server = `https://127.0.0.1:${listening.port}`
  await writeFile(file, kubeconfig({ server, caCert: pki.caCert, user: { client: pki.admin } }))
  transports['in process'] = client
  transports['over HTTPS'] = await fromKubeconfig(file)
})

test.after(async () => {
  await listening.close()
  await rm(directory, { recursive: true })
})

const caught = async (run: () => Promise<unknown>): Promise<unknown> => {
  try {
    await run()
  } catch (e) {
    return e
  }
  throw new Error('nothing was thrown')
}

for (const [i, how] of ['in process', 'over HTTPS'].entries()) {
  const namespace = 'default'
  const name = `m${i}`
  const client = () => transports[how] as Client

  test(`${how}: an object is created, read, applied, patched and deleted`, async () => {
    const made = await client().create(configmaps, { metadata: { name, namespace }, data: { k: '1' } } as ConfigMap)
    assert.is(made.kind, 'ConfigMap')
    assert.equal((await client().get(configmaps, name, { namespace })).data, { k: '1' })
    const applied = await client().apply(configmaps, { metadata: { name, namespace }, data: { a: 'b' } } as ConfigMap, {
      fieldManager: 'me',
    })
    assert.equal(applied.data, { k: '1', a: 'b' })
    const patch = { type: 'json', body: [{ op: 'remove', path: '/data/k' }] } as const
    assert.equal((await client().patch(configmaps, name, patch, { namespace })).data, { a: 'b' })
    const stale = await caught(() => client().update(configmaps, { ...made, data: {} }))
    assert.ok(isConflict(stale))
    await client().delete(configmaps, name, { namespace })
    assert.ok(isNotFound(await caught(() => client().get(configmaps, name, { namespace }))))
  })

  test(`${how}: a watch gives what happens and ends with its signal`, async () => {
    const stop = new AbortController()
    const seen: string[] = []
    const fieldSelector = `metadata.name=w${i}`
    const { metadata } = await client().list(configmaps, { namespace, fieldSelector })
    setTimeout(() => client().create(configmaps, { metadata: { name: `w${i}`, namespace } } as ConfigMap), 1)
    const options = { namespace, fieldSelector, signal: stop.signal, resourceVersion: metadata.resourceVersion ?? '' }
    for await (const batch of client().watch(configmaps, options)) {
      for (const e of batch) seen.push(`${e.type} ${e.object.metadata?.name}`)
      stop.abort()
    }
    assert.equal(seen, [`ADDED w${i}`])
  })

  test(`${how}: raw gives the status and body of any path`, async () => {
    const answer = await client().raw({ method: 'GET', path: '/api/v1/namespaces/none' })
    const text = (await Array.fromAsync(answer.body)).map((c) => Buffer.from(c).toString()).join('')
    assert.is(answer.status, 404)
    assert.is(JSON.parse(text).reason, 'NotFound')
  })
}

test.run()
