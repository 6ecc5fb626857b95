import { type ClientHttp2Session, connect } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { type Peer, unary } from '../../grpc/call.ts'
import { GrpcError, grpcCode } from '../../grpc/grpc-error.ts'
import { connected, KeptSession } from '../../grpc/kept-session.ts'
import { eachField, encode } from '../../grpc/protobuf.ts'
import { type DekSource, decodeAnnotation, encodeAnnotations } from './encrypted-object.ts'
import type { KmsObserver } from './observer.ts'

export interface PluginStatus {
  readonly version: string
  readonly healthz: string
  readonly keyId: string
}

/** The service that keeps the keys (k8s.io/kms/apis/v2). All calls throw an Error that says gRPC's code, and never hold a key. */
export interface KmsPlugin {
  status(): Promise<PluginStatus>
  encrypt(plain: Buffer, uid: string): Promise<Omit<DekSource, 'type'>>
  decrypt(source: DekSource, uid: string): Promise<Buffer>
  close(): void
}

interface PluginOptions {
  readonly name: string
  /** `unix:///path`, or `unix:///@name` in Linux's abstract namespace. */
  readonly endpoint: string
  readonly timeoutMs: number
  readonly observe: KmsObserver
}

const service = '/v2.KeyManagementService/'
const retryAfterMs = 100

export function kmsPlugin({ name, endpoint, timeoutMs, observe }: PluginOptions): KmsPlugin {
  const path = socketPath(endpoint)
  const plugin = new KeptSession(`the KMS plugin ${name}`, () => openSession(path))
  const call = async (method: string, message: Buffer): Promise<Buffer> => {
    const started = performance.now()
    const told = (code: string) => observe.called(name, service + method, code, (performance.now() - started) / 1000)
    try {
      const answer = await patient(plugin, service + method, message, timeoutMs)
      told('OK')
      return answer
    } catch (error) {
      if (!(error instanceof GrpcError)) throw error
      told(error.codeName)
      throw new Error(`rpc error: code = ${error.codeName} desc = ${error.message}`)
    }
  }
  return {
    status: async () => decodeStatus(await call('Status', Buffer.alloc(0))),
    encrypt: async (plain, uid) =>
      decodeEncrypted(
        await call(
          'Encrypt',
          encode([
            [1, plain],
            [2, uid],
          ]),
        ),
      ),
    decrypt: async ({ encrypted, keyId, annotations }, uid) =>
      decodePlain(await call('Decrypt', encode([[1, encrypted], [2, uid], [3, keyId], ...encodeAnnotations(4, annotations)]))),
    close: () => plugin.close(),
  }
}

/** Until the plugin takes the call, but not longer than it may last: it may start after us (gRPC's WaitForReady). */
async function patient(plugin: Peer, path: string, message: Buffer, timeoutMs: number): Promise<Buffer> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const left = deadline - performance.now()
    try {
      await plugin.session()
    } catch (error) {
      if (left <= retryAfterMs)
        throw new GrpcError(grpcCode.deadlineExceeded, `context deadline exceeded: ${(error as Error).message}`)
      await pause(retryAfterMs)
      continue
    }
    return await unary(plugin, path, message, Math.max(left, 1))
  }
}

/** The path that node's sockets take. */
export function socketPath(endpoint: string): string {
  const path = decodeURIComponent(new URL(endpoint).pathname)
  return path.startsWith('/@') ? `\0${path.slice(2)}` : path
}

function openSession(path: string): Promise<ClientHttp2Session> {
  const socket = connectSocket(path)
  const session = connect('http://localhost', { createConnection: () => socket, settings: { enablePush: false } })
  // A plugin that is not asked keeps no process from ending.
  session.once('connect', () => socket.unref())
  return connected(session)
}

function decodeStatus(bytes: Buffer): PluginStatus {
  const status = { version: '', healthz: '', keyId: '' }
  eachField(bytes, (field, r) => {
    if (field === 1) status.version = r.text()
    else if (field === 2) status.healthz = r.text()
    else if (field === 3) status.keyId = r.text()
  })
  return status
}

function decodeEncrypted(bytes: Buffer): Omit<DekSource, 'type'> {
  let [encrypted, keyId] = [Buffer.alloc(0), '']
  const annotations = new Map<string, Buffer>()
  eachField(bytes, (field, r) => {
    if (field === 1) encrypted = Buffer.from(r.slice())
    else if (field === 2) keyId = r.text()
    else if (field === 3) decodeAnnotation(r.slice(), annotations)
  })
  return { encrypted, keyId, annotations }
}

function decodePlain(bytes: Buffer): Buffer {
  let plain = Buffer.alloc(0)
  eachField(bytes, (field, r) => {
    if (field === 1) plain = Buffer.from(r.slice())
  })
  return plain
}
