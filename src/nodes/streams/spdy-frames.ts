import { promisify } from 'node:util'
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib'
import { spdyDictionary } from './spdy-dictionary.ts'

/** A frame of SPDY/3.1, as far as Kubernetes uses it. */
export type Frame =
  | { readonly type: 'open'; readonly id: number; readonly headers: Headers; readonly fin: boolean }
  | { readonly type: 'reply'; readonly id: number; readonly headers: Headers }
  | { readonly type: 'reset'; readonly id: number; readonly status: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goAway'; readonly lastId: number }
  | { readonly type: 'data'; readonly id: number; readonly data: Buffer; readonly fin: boolean }

/** Names in lower case. */
export type Headers = ReadonlyMap<string, string>

const version = 3
const control = { open: 1, reply: 2, reset: 3, ping: 6, goAway: 7 }
const finFlag = 1
/** A frame's own limit is 16 MiB; nobody here needs more than this. */
const longestFrame = 2 ** 21
const longestHeaders = 2 ** 16

class SpdyError extends Error {
  constructor(message: string) {
    super(`SPDY: ${message}`)
    this.name = 'SpdyError'
  }
}

/** One zlib stream over all header blocks of one direction. */
function flushing(stream: Deflate | Inflate): (block: Buffer) => Promise<Buffer> {
  const chunks: Buffer[] = []
  // zlib calls no callback of a write that breaks the stream: only the event tells.
  const broken = new Promise<never>((_, reject) => {
    stream.on('error', (error) => reject(new SpdyError(`headers cannot be read: ${error.message}`)))
  })
  broken.catch(() => undefined)
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  const write = promisify((block: Buffer, done: (error?: Error | null) => void) => stream.write(block, done))
  return async (block) => {
    await Promise.race([write(block), broken])
    const all = Buffer.concat(chunks.splice(0))
    if (all.length > longestHeaders) throw new SpdyError('headers are too long')
    return all
  }
}

function parseHeaders(block: Buffer): Headers {
  const headers = new Map<string, string>()
  let at = 4
  const text = (): string => {
    const size = block.readUInt32BE(at)
    if (at + 4 + size > block.length) throw new SpdyError('headers are cut')
    const part = block.toString('utf8', at + 4, at + 4 + size)
    at += 4 + size
    return part
  }
  for (let left = block.readUInt32BE(0); left > 0; left--) {
    const name = text()
    headers.set(name.toLowerCase(), text())
  }
  return headers
}

function encodeHeaders(headers: Headers): Buffer {
  const number = (n: number) => {
    const b = Buffer.alloc(4)
    b.writeUInt32BE(n)
    return b
  }
  const text = (s: string) => [number(Buffer.byteLength(s)), Buffer.from(s)]
  return Buffer.concat([number(headers.size), ...[...headers].flatMap(([name, value]) => [...text(name), ...text(value)])])
}

function controlFrame(type: number, flags: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt16BE(0x8000 | version, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt8(flags, 4)
  head.writeUIntBE(body.length, 5, 3)
  return Buffer.concat([head, body])
}

const numbers = (...values: number[]): Buffer => {
  const b = Buffer.alloc(values.length * 4)
  for (const [i, v] of values.entries()) b.writeUInt32BE(v >>> 0, i * 4)
  return b
}

/** Encodes frames; headers are compressed in the order of the calls. */
export function createEncoder(): (frame: Frame) => Promise<Buffer> {
  const compress = flushing(createDeflate({ dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH }))
  return async (frame) => {
    switch (frame.type) {
      case 'open':
        return controlFrame(
          control.open,
          frame.fin ? finFlag : 0,
          Buffer.concat([numbers(frame.id, 0), Buffer.alloc(2), await compress(encodeHeaders(frame.headers))]),
        )
      case 'reply':
        return controlFrame(control.reply, 0, Buffer.concat([numbers(frame.id), await compress(encodeHeaders(frame.headers))]))
      case 'reset':
        return controlFrame(control.reset, 0, numbers(frame.id, frame.status))
      case 'ping':
        return controlFrame(control.ping, 0, numbers(frame.id))
      case 'goAway':
        return controlFrame(control.goAway, 0, numbers(frame.lastId, 0))
      case 'data': {
        const head = numbers(frame.id, frame.data.length)
        head.writeUInt8(frame.fin ? finFlag : 0, 4)
        return Buffer.concat([head, frame.data])
      }
    }
  }
}

/** Decodes a byte stream; answers the frames that are complete. Frames of other types are skipped. Throws SpdyError. */
export function createDecoder(): (chunk: Buffer) => Promise<Frame[]> {
  const decompress = flushing(createInflate({ dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH }))
  let rest: Buffer = Buffer.alloc(0)
  return async (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const frames: Frame[] = []
    while (rest.length >= 8) {
      const size = rest.readUIntBE(5, 3)
      if (size > longestFrame) throw new SpdyError(`a frame of ${size} bytes is too long`)
      if (rest.length < 8 + size) break
      const frame = await decode(rest.subarray(0, 8), rest.subarray(8, 8 + size), decompress)
      if (frame) frames.push(frame)
      rest = rest.subarray(8 + size)
    }
    return frames
  }
}

async function decode(head: Buffer, body: Buffer, decompress: (block: Buffer) => Promise<Buffer>): Promise<Frame | undefined> {
  const fin = (head.readUInt8(4) & finFlag) !== 0
  const idAt = (at: number) => body.readUInt32BE(at) & 0x7fffffff
  if (head.readUInt8(0) < 0x80) return { type: 'data', id: head.readUInt32BE(0), data: Buffer.from(body), fin }
  if ((head.readUInt16BE(0) & 0x7fff) !== version) throw new SpdyError('only version 3 is spoken here')
  const type = head.readUInt16BE(2)
  const least = { 1: 10, 2: 4, 3: 8, 6: 4, 7: 4 }[type] ?? 0
  if (body.length < least) throw new SpdyError('a frame is cut')
  if (type === control.open) return { type: 'open', id: idAt(0), headers: parseHeaders(await decompress(body.subarray(10))), fin }
  if (type === control.reply) return { type: 'reply', id: idAt(0), headers: parseHeaders(await decompress(body.subarray(4))) }
  if (type === control.reset) return { type: 'reset', id: idAt(0), status: body.readUInt32BE(4) }
  if (type === control.ping) return { type: 'ping', id: body.readUInt32BE(0) }
  if (type === control.goAway) return { type: 'goAway', lastId: idAt(0) }
  // HEADERS carries compressed text too: it must pass through the decompressor, or all later headers are garbage.
  if (type === 8) await decompress(body.subarray(4))
  return undefined
}
