import type { ClientHttp2Session } from 'node:http2'
import type { Peer } from './call.ts'
import { GrpcError, grpcCode } from './grpc-error.ts'

const connectTimeoutMs = 3000

/**
 * One HTTP/2 session that calls share: opened by the first call, and by the next one after it broke or its server said that it goes (GOAWAY;
 * the calls that run end on the old one).
 */
export class KeptSession implements Peer {
  readonly name: string
  readonly #open: () => Promise<ClientHttp2Session>
  #current: Promise<ClientHttp2Session> | undefined
  /** The current one, and those that go and have calls left. */
  readonly #opened = new Set<ClientHttp2Session>()
  #closed = false

  /** `open` gives a session that is connected (`connected`), or throws why there is none. */
  constructor(name: string, open: () => Promise<ClientHttp2Session>) {
    this.name = name
    this.#open = open
  }

  session(): Promise<ClientHttp2Session> {
    if (this.#closed) return Promise.reject(unavailable(`the connection to ${this.name} is closed`))
    this.#current ??= this.#opening()
    return this.#current
  }

  /** Ends all calls. */
  close(): void {
    this.#closed = true
    for (const session of this.#opened) session.destroy()
  }

  #opening(): Promise<ClientHttp2Session> {
    const forget = () => {
      if (this.#current === opening) this.#current = undefined
    }
    const opening = this.#open().then(
      (session) => {
        this.#opened.add(session)
        // Node closes the session itself: at once if the server says that something is wrong, otherwise after the last call.
        session.once('goaway', forget)
        session.once('close', () => {
          this.#opened.delete(session)
          forget()
        })
        if (this.#closed) session.destroy()
        return session
      },
      (error: unknown) => {
        forget()
        throw error instanceof GrpcError ? error : unavailable((error as Error).message)
      },
    )
    return opening
  }
}

/** Resolves when the session may be used; throws what broke it before that. */
export function connected(session: ClientHttp2Session): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => session.destroy(new Error(`no answer within ${connectTimeoutMs} ms`)), connectTimeoutMs)
    session.once('connect', () => {
      clearTimeout(timer)
      resolve(session)
    })
    // Later errors reach whoever calls: his stream breaks.
    session.on('error', reject)
    session.once('close', () => {
      clearTimeout(timer)
      reject(new Error('the connection was closed'))
    })
  })
}

const unavailable = (message: string): GrpcError => new GrpcError(grpcCode.unavailable, message)
