/** The frames of HTTP/2 (RFC 9113, sections 4 and 6). */

export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const Flag = { ack: 0x1, endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const

export const ErrorCode = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode]

export const SettingId = {
  headerTableSize: 1,
  enablePush: 2,
  maxStreams: 3,
  windowSize: 4,
  maxFrameSize: 5,
  maxHeaderList: 6,
} as const

export const headerBytes = 9
/** What a peer may send, and may always be sent, in one frame. */
export const defaultFrameSize = 16_384
export const defaultWindow = 65_535
export const largestWindow = 2 ** 31 - 1
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Ends the whole connection. */
export class ConnectionError extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string) {
    super(message)
    this.name = 'ConnectionError'
    this.code = code
  }
}

/** What ends a connection whose peer does not keep to RFC 9113. */
export const protocolError = (why: string): ConnectionError => new ConnectionError(ErrorCode.protocol, why)

/** Ends one stream. */
export class StreamError extends Error {
  readonly id: number
  readonly code: ErrorCode
  constructor(id: number, code: ErrorCode, message: string) {
    super(message)
    this.name = 'StreamError'
    this.id = id
    this.code = code
  }
}

/** Writes the nine bytes that every frame begins with; gives where its payload goes. */
export function writeFrameHeader(out: Buffer, at: number, length: number, type: number, flags: number, id: number): number {
  out[at] = length >>> 16
  out[at + 1] = length >>> 8
  out[at + 2] = length
  out[at + 3] = type
  out[at + 4] = flags
  out[at + 5] = id >>> 24
  out[at + 6] = id >>> 16
  out[at + 7] = id >>> 8
  out[at + 8] = id
  return at + headerBytes
}

export function frame(type: number, flags: number, id: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const out = Buffer.allocUnsafe(headerBytes + payload.length)
  out.set(payload, writeFrameHeader(out, 0, payload.length, type, flags, id))
  return out
}

/** A frame whose payload is one 32-bit number: RST_STREAM, WINDOW_UPDATE. */
export function numberFrame(type: number, id: number, value: number): Buffer {
  const payload = Buffer.allocUnsafe(4)
  payload.writeUInt32BE(value)
  return frame(type, 0, id, payload)
}

export function goawayFrame(lastId: number, code: ErrorCode): Buffer {
  const payload = Buffer.allocUnsafe(8)
  payload.writeUInt32BE(lastId)
  payload.writeUInt32BE(code, 4)
  return frame(FrameType.goaway, 0, 0, payload)
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.allocUnsafe(settings.length * 6)
  settings.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6)
    payload.writeUInt32BE(value, i * 6 + 2)
  })
  return frame(FrameType.settings, 0, 0, payload)
}

/** What a DATA or HEADERS frame holds without its padding (RFC 9113, 6.1). Throws ConnectionError. */
export function unpadded(flags: number, payload: Buffer): Buffer {
  if (!(flags & Flag.padded)) return payload
  const padding = payload[0]
  if (padding === undefined) throw new ConnectionError(ErrorCode.frameSize, 'no padding length')
  if (padding >= payload.length) throw protocolError('more padding than payload')
  return payload.subarray(1, payload.length - padding)
}
