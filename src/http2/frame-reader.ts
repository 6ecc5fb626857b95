import { ConnectionError, defaultFrameSize, ErrorCode, headerBytes, preface } from './frame.ts'

type OnFrame = (type: number, flags: number, id: number, payload: Buffer) => void

/** Cuts what a connection receives into frames. */
export class FrameReader {
  readonly #onFrame: OnFrame
  #rest: Buffer | undefined
  #hasPreface: boolean

  /** `from`: a client's bytes begin with the preface, a server's do not. */
  constructor(from: 'client' | 'server', onFrame: OnFrame) {
    this.#hasPreface = from === 'server'
    this.#onFrame = onFrame
  }

  /** Throws ConnectionError. */
  read(received: Buffer): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, received]) : received
    this.#rest = bytes
    let at = this.#hasPreface ? 0 : this.#readPreface(bytes)
    if (!this.#hasPreface) return
    while (bytes.length - at >= headerBytes) {
      const length = bytes.readUIntBE(at, 3)
      if (length > defaultFrameSize) throw new ConnectionError(ErrorCode.frameSize, 'a frame too large')
      const start = at + headerBytes
      const end = start + length
      if (bytes.length < end) break
      const id = bytes.readUInt32BE(at + 5) & 0x7fffffff
      this.#onFrame(bytes[at + 3] as number, bytes[at + 4] as number, id, bytes.subarray(start, end))
      at = end
    }
    this.#rest = at < bytes.length ? bytes.subarray(at) : undefined
  }

  #readPreface(bytes: Buffer): number {
    const n = Math.min(bytes.length, preface.length)
    if (!bytes.subarray(0, n).equals(preface.subarray(0, n))) throw new ConnectionError(ErrorCode.protocol, 'no preface')
    this.#hasPreface = n === preface.length
    return n
  }
}
