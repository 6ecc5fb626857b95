/** Git's pkt-line framing and the side-band that carries a push's progress (gitprotocol-common, gitprotocol-pack). */

const maxData = 65_516

/** One line: four hex digits of its length, then the data. */
export function pktLine(data: string | Buffer): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes])
}

export const flushPkt: Buffer = Buffer.from('0000')

export class ProtocolError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ProtocolError'
  }
}

/** Reads pkt-lines from a byte stream, then hands over the rest (the pack). */
export class PktReader {
  readonly #source: AsyncIterator<Buffer>
  #buffer: Buffer = Buffer.alloc(0)
  #ended = false

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** The next line, or undefined at a flush. Throws ProtocolError for bad framing or an early end. */
  async line(): Promise<Buffer | undefined> {
    const head = (await this.#take(4)).toString('latin1')
    if (head === '0000') return undefined
    if (!/^[0-9a-f]{4}$/i.test(head)) throw new ProtocolError('not a pkt-line')
    const length = Number.parseInt(head, 16)
    if (length < 4) throw new ProtocolError(`pkt-line of length ${length}`)
    return this.#take(length - 4)
  }

  /** Lines until a flush. Throws ProtocolError past `limit` lines. */
  async lines(limit: number): Promise<Buffer[]> {
    const found: Buffer[] = []
    for (let line = await this.line(); line; line = await this.line()) {
      if (found.length === limit) throw new ProtocolError(`more than ${limit} lines`)
      found.push(line)
    }
    return found
  }

  /** Whether nothing is left. */
  async atEnd(): Promise<boolean> {
    return !(await this.#fill(1))
  }

  async *rest(): AsyncGenerator<Buffer> {
    if (this.#buffer.length > 0) yield this.#buffer
    this.#buffer = Buffer.alloc(0)
    while (!this.#ended) {
      const next = await this.#source.next()
      if (next.done) return
      yield next.value
    }
  }

  async #fill(length: number): Promise<boolean> {
    while (this.#buffer.length < length && !this.#ended) {
      const next = await this.#source.next()
      if (next.done) this.#ended = true
      else this.#buffer = this.#buffer.length === 0 ? next.value : Buffer.concat([this.#buffer, next.value])
    }
    return this.#buffer.length >= length
  }

  async #take(length: number): Promise<Buffer> {
    if (!(await this.#fill(length))) throw new ProtocolError('the request ended early')
    const taken = this.#buffer.subarray(0, length)
    this.#buffer = this.#buffer.subarray(length)
    return taken
  }
}

/** Writes band 1 (the report) and band 2 (text the pusher sees behind `remote: `). */
export class SideBand {
  readonly #write: (bytes: Buffer) => void

  constructor(write: (bytes: Buffer) => void) {
    this.#write = write
  }

  report(bytes: Buffer): void {
    this.#band(1, bytes)
  }

  /** One or more whole lines. */
  progress(text: string): void {
    this.#band(2, Buffer.from(text.endsWith('\n') || text.endsWith('\r') ? text : `${text}\n`))
  }

  end(): void {
    this.#write(flushPkt)
  }

  #band(band: number, bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += maxData - 1) {
      this.#write(pktLine(Buffer.concat([Buffer.from([band]), bytes.subarray(at, at + maxData - 1)])))
    }
  }
}
