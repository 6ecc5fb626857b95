import { mkdtemp, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { openPki } from '../../../src/api/auth/pki.ts'
import { type ListenOptions, listen } from '../../../src/api/http/listen.ts'
import type { HandleRequest } from '../../../src/api/request.ts'
import { frame, preface, settingsFrame } from '../../../src/http2/frame.ts'

export interface TestPort {
  readonly port: number
  readonly url: string
  close(): Promise<void>
}

/** A port on loopback before `handle`. */
export async function testPort(handle: HandleRequest, options: Partial<ListenOptions> = {}): Promise<TestPort> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-http-'))
  const pki = await openPki({ directory, serviceAddress: '10.43.0.1' })
  const listening = await listen(handle, (_, socket) => socket.destroy(), {
    port: 0,
    host: '127.0.0.1',
    ...pki.serving,
    clientCa: pki.caCert,
    ...options,
  })
  const close = async () => {
    await listening.close()
    await rm(directory, { recursive: true })
  }
  return { port: listening.port, url: `https://127.0.0.1:${listening.port}`, close }
}

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly id: number
  readonly payload: Buffer
}

/** A peer that sends frames as the test says, right or wrong. */
export class RawPeer {
  readonly socket: Socket
  readonly frames: Frame[] = []
  readonly closed: Promise<void>
  #rest = Buffer.alloc(0)
  #wake = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.on('error', () => {})
    socket.once('close', () => this.#wake())
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
  }

  static async connect(port: number, settings: Parameters<typeof settingsFrame>[0] = []): Promise<RawPeer> {
    const socket = tls.connect({ port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false })
    await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
    return RawPeer.over(socket, settings)
  }

  /** On a connection that is there; a plain one will do. */
  static over(socket: Socket, settings: Parameters<typeof settingsFrame>[0] = []): RawPeer {
    const peer = new RawPeer(socket)
    peer.socket.write(Buffer.concat([preface, settingsFrame(settings)]))
    return peer
  }

  send(type: number, flags: number, id: number, payload: Uint8Array = new Uint8Array()): void {
    this.socket.write(frame(type, flags, id, payload))
  }

  #read(bytes: Buffer): void {
    let all = Buffer.concat([this.#rest, bytes])
    while (all.length >= 9 && all.length >= 9 + all.readUIntBE(0, 3)) {
      const end = 9 + all.readUIntBE(0, 3)
      const [type, flags] = [all[3] as number, all[4] as number]
      this.frames.push({ type, flags, id: all.readUInt32BE(5), payload: all.subarray(9, end) })
      all = all.subarray(end)
    }
    this.#rest = all
    this.#wake()
  }

  /** The first frame that `matches`, waiting for it; undefined when the connection ends before. */
  async find(matches: (frame: Frame) => boolean): Promise<Frame | undefined> {
    for (;;) {
      const found = this.frames.find(matches)
      if (found || this.socket.destroyed) return found
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
