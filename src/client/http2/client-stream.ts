import type { Field } from '../../http2/hpack-table.ts'
import type { Answer, Wired } from '../answer.ts'

/** What a stream asks of its connection. */
export interface StreamOwner {
  /** So many bytes of its body were taken. */
  credit(stream: ClientStream, bytes: number): void
  /** Its answer is not wanted any more. */
  cancel(stream: ClientStream): void
}

interface Waiting {
  resolve(result: IteratorResult<Uint8Array, undefined>): void
  reject(error: unknown): void
}

const over: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** One request and its answer. */
export class ClientStream implements Answer {
  readonly request: Wired
  readonly #owner: StreamOwner
  readonly #head = Promise.withResolvers<Answer>()
  /** 0 until its headers are sent. */
  id = 0
  /** What the peer takes yet of its body. */
  sendWindow = 0
  /** How much of the request's body was sent. */
  sent = 0
  /** Of what came, how much the peer was not told yet that it was taken. */
  uncredited = 0
  readonly startedAt = performance.now()
  /** Called when nothing more comes. */
  onOver: () => void = () => {}
  status = 0
  #fields: readonly Field[] = []
  #chunks: Buffer[] = []
  #isWhole = false
  #error: unknown
  #waiting: Waiting | undefined
  /** Wants the body whole. */
  #reader: PromiseWithResolvers<string> | undefined

  constructor(request: Wired, owner: StreamOwner) {
    this.request = request
    this.#owner = owner
  }

  get answer(): Promise<Answer> {
    return this.#head.promise
  }

  get hasAnswered(): boolean {
    return this.status !== 0
  }

  get isOver(): boolean {
    return this.#isWhole || this.#error !== undefined
  }

  get headers(): Readonly<Record<string, string>> {
    const headers: Record<string, string> = {}
    for (const { name, value } of this.#fields) {
      if (name.startsWith(':')) continue
      headers[name] = name in headers ? `${headers[name]}\n${value}` : value
    }
    return headers
  }

  answered(status: number, fields: readonly Field[]): void {
    this.status = status
    this.#fields = fields
    this.#head.resolve(this)
  }

  push(bytes: Buffer): void {
    if (bytes.length === 0) return
    if (this.#waiting) {
      const waiting = this.#waiting
      this.#waiting = undefined
      this.#owner.credit(this, bytes.length)
      waiting.resolve({ done: false, value: bytes })
      return
    }
    if (this.#reader) this.#owner.credit(this, bytes.length)
    this.#chunks.push(bytes)
  }

  end(): void {
    this.#isWhole = true
    this.#waiting?.resolve(over)
    this.#settle()
  }

  fail(error: unknown): void {
    if (this.isOver) return
    this.#error = error
    if (this.hasAnswered) {
      this.#waiting?.reject(error)
      this.#reader?.reject(error)
    } else this.#head.reject(error)
  }

  text(): Promise<string> {
    this.#reader = Promise.withResolvers()
    for (const { length } of this.#chunks) this.#owner.credit(this, length)
    if (this.#error !== undefined) this.#reader.reject(this.#error)
    this.#settle()
    return this.#reader.promise
  }

  #settle(): void {
    if (!this.#reader || !this.#isWhole) return
    const [first, ...more] = this.#chunks
    const bytes = more.length === 0 ? first : Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#reader.resolve(bytes?.toString('utf8') ?? '')
  }

  readonly body: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => this.#next(),
      return: async () => {
        this.close()
        return over
      },
    }),
  }

  #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const bytes = this.#chunks.shift()
    if (bytes) {
      this.#owner.credit(this, bytes.length)
      return Promise.resolve({ done: false, value: bytes })
    }
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (this.#isWhole) return Promise.resolve(over)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  close(): void {
    this.#chunks = []
    this.#owner.cancel(this)
  }
}
