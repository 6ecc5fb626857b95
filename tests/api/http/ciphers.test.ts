import tls from 'node:tls'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testPort } from './test-port.ts'

async function cipherWith(options: tls.ConnectionOptions): Promise<string> {
  const port = await testPort(async () => ({ status: 200, headers: {}, body: { bytes: Buffer.from('') } }))
  const socket = tls.connect({ port: port.port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  const { name } = socket.getCipher()
  socket.destroy()
  await port.close()
  return name
}

test('AES-128-GCM is taken of what a client offers, as kube-apiserver takes it', async () => {
  assert.is(await cipherWith({}), 'TLS_AES_128_GCM_SHA256')
  assert.is(await cipherWith({ maxVersion: 'TLSv1.2' }), 'ECDHE-ECDSA-AES128-GCM-SHA256')
})

test('a client that has only 256 bits gets them', async () => {
  assert.is(await cipherWith({ ciphers: 'TLS_AES_256_GCM_SHA384' }), 'TLS_AES_256_GCM_SHA384')
})

test.run()
