import type { TLSSocket } from 'node:tls'
import type { Sink } from '../request.ts'

export type HeaderValues = Readonly<Record<string, string | readonly string[]>>

/** One request and its answer, whichever version of HTTP carries them. */
export interface Exchange {
  readonly method: string
  /** Path and query as sent. */
  readonly url: string
  /** Names in lower case; what was sent several times is joined. */
  readonly headers: Readonly<Record<string, string>>
  readonly socket: TLSSocket
  /** Whether the client went away before it had the whole answer. */
  readonly isGone: boolean
  /** Whether the answer has begun. */
  readonly isAnswered: boolean
  /** Calls once when the client goes away before it has the whole answer. */
  whenGone(listener: () => void): void
  /** The whole body, undefined when there is none. Throws 413 when it is longer than `limit`, 408 when it does not come. */
  readBody(limit: number): Promise<Buffer | undefined>
  /** The whole answer. The bytes are shared: they are not written into, and not kept longer than it takes to send them. */
  answer(status: number, headers: HeaderValues, chunks: readonly Uint8Array[]): void
  /** An answer that goes on until its sink ends. */
  open(status: number, headers: HeaderValues): Sink
}
