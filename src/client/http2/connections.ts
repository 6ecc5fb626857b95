import { connect, type TLSSocket, type ConnectionOptions as TlsOptions } from 'node:tls'
import type { Answer, Wired } from '../answer.ts'
import { Connection, Unprocessed } from './connection.ts'
import { limits } from './limits.ts'

const attempts = 3

/** Connections to one server: as many as its limit of requests on each makes necessary. */
export class Connections {
  readonly #options: TlsOptions
  readonly #authority: string
  #open: Connection[] = []
  #connecting: Promise<void> | undefined
  /** Requests for which there is no room. */
  #waiting: (() => void)[] = []
  #isHttp1 = false

  constructor(options: TlsOptions, authority: string) {
    this.#options = { ...options, ALPNProtocols: ['h2', 'http/1.1'] }
    this.#authority = authority
  }

  /** undefined: the server speaks HTTP/1.1 only. Throws what node's TLS says when there is no connection. */
  async send(request: Wired): Promise<Answer | undefined> {
    for (let attempt = 1; ; attempt++) {
      let connection = this.#free()
      // Room that was seen before a pause may be taken after it.
      for (; !connection; connection = this.#free()) {
        request.signal?.throwIfAborted()
        if (this.#isHttp1) return undefined
        await unlessAborted(this.#more(), request.signal)
      }
      try {
        return await connection.send(request)
      } catch (error) {
        if (!(error instanceof Unprocessed) || attempt === attempts) throw error
      }
    }
  }

  #free(): Connection | undefined {
    return this.#open.find((c) => c.room > 0)
  }

  /** Resolves when there may be room: another connection, or the end of a request. */
  #more(): Promise<void> {
    if (!this.#connecting && this.#open.length >= limits.connections) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  async #connect(): Promise<void> {
    const socket = await connected(this.#options)
    if (socket.alpnProtocol !== 'h2') {
      this.#isHttp1 = true
      socket.destroy()
      return
    }
    const connection = new Connection(socket, { authority: this.#authority, onFree: () => this.#freed() })
    await connection.ready
    this.#open.push(connection)
  }

  #freed(): void {
    if (this.#open.some((c) => c.isClosed)) this.#open = this.#open.filter((c) => !c.isClosed)
    if (this.#waiting.length > 0 && (this.#free() || this.#open.length < limits.connections))
      for (const go of this.#waiting.splice(0)) go()
  }
}

function unlessAborted(waits: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return waits
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    void waits.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function connected(options: TlsOptions): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  const socket = connect(options, () => {
    socket.setTimeout(0)
    socket.removeListener('error', reject)
    resolve(socket)
  })
  socket.setTimeout(limits.connectMs, () => {
    socket.destroy(Object.assign(new Error(`no connection to ${options.host}:${options.port}`), { code: 'ETIMEDOUT' }))
  })
  socket.once('error', reject)
  return promise
}
