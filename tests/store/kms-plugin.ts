import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eachField, encode } from '../../src/store/grpc/protobuf.ts'

/** A KMS v2 plugin that "encrypts" by turning bits over. What it answers can be changed while it runs. */
export interface TestPlugin {
  readonly endpoint: string
  keyId: string
  healthz: string
  version: string
  /** Sent with each sealed seed, and wanted back with it. */
  annotations: Record<string, Buffer>
  /** Set: every call is answered by this gRPC error. */
  failure: { readonly code: number; readonly message: string } | undefined
  /** Set: calls get no answer. */
  silent: boolean
  readonly calls: string[]
  /** What Decrypt was last asked with. */
  lastDecrypt: { readonly keyId: string; readonly annotations: Record<string, string>; readonly uid: string } | undefined
  start(): Promise<void>
  stop(): Promise<void>
  remove(): Promise<void>
}

export async function startKmsPlugin(): Promise<TestPlugin> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-kms-'))
  const path = join(folder, 'kms.sock')
  const sessions = new Set<ServerHttp2Session>()
  let server = newServer()
  function newServer() {
    const made = createServer()
    made.on('session', (session) => {
      sessions.add(session)
      session.once('close', () => sessions.delete(session))
    })
    made.on('stream', (stream, headers) => {
      stream.on('error', () => {})
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => answer(plugin, stream, String(headers[':path']), Buffer.concat(parts).subarray(5)))
    })
    return made
  }
  const plugin: TestPlugin = {
    endpoint: `unix://${path}`,
    keyId: 'key-1',
    healthz: 'ok',
    version: 'v2',
    annotations: { 'local-kek.example.com': Buffer.from('one') },
    failure: undefined,
    silent: false,
    calls: [],
    lastDecrypt: undefined,
    start: () => {
      server = newServer()
      return new Promise((resolve) => server.listen(path, resolve))
    },
    stop: () => {
      for (const session of sessions) session.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
    async remove() {
      await plugin.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await plugin.start()
  return plugin
}

function answer(plugin: TestPlugin, stream: ServerHttp2Stream, path: string, request: Buffer): void {
  const method = path.slice(path.lastIndexOf('/') + 1)
  plugin.calls.push(method)
  if (plugin.silent) return
  const { failure } = plugin
  if (failure) {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': failure.code, 'grpc-message': failure.message },
      { endStream: true },
    )
    return
  }
  const message =
    method === 'Status' ? status(plugin) : method === 'Encrypt' ? encrypt(plugin, request) : decrypt(plugin, request)
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  stream.end(Buffer.concat([head, message]))
}

const status = ({ version, healthz, keyId }: TestPlugin): Buffer =>
  encode([
    [1, version],
    [2, healthz],
    [3, keyId],
  ])

function encrypt({ keyId, annotations }: TestPlugin, request: Buffer): Buffer {
  let plain = Buffer.alloc(0)
  eachField(request, (field, r) => {
    if (field === 1) plain = Buffer.from(r.slice())
  })
  return encode([
    [1, turned(plain)],
    [2, keyId],
    ...Object.entries(annotations).map(([key, value]) => [3, [[1, key] as const, [2, value] as const]] as const),
  ])
}

function decrypt(plugin: TestPlugin, request: Buffer): Buffer {
  let plain = Buffer.alloc(0)
  let [keyId, uid] = ['', '']
  const annotations: Record<string, string> = {}
  eachField(request, (field, r) => {
    if (field === 1) plain = turned(r.slice())
    else if (field === 2) uid = r.text()
    else if (field === 3) keyId = r.text()
    else if (field === 4) {
      let [key, value] = ['', '']
      eachField(r.slice(), (part, inner) => {
        if (part === 1) key = inner.text()
        else if (part === 2) value = inner.text()
      })
      annotations[key] = value
    }
  })
  plugin.lastDecrypt = { keyId, annotations, uid }
  return encode([[1, plain]])
}

const turned = (bytes: Uint8Array) => Buffer.from(bytes.map((b) => b ^ 0x5a))
