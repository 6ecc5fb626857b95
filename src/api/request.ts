import type { Duplex } from 'node:stream'
import type { KubeObject } from '../apimachinery/object.ts'
import type { StatusError } from '../apimachinery/status.ts'

/** Who asks (k8s.io/apiserver/pkg/authentication/user). */
export interface UserInfo {
  readonly name: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** A request as the pipeline sees it, whichever way it came: over HTTPS, or by a call in process. */
export interface ApiRequest {
  readonly method: string
  /** The path as sent, still escaped, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** Path and query as sent, when they came over the wire. */
  readonly uri?: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Set when the transport knows who asks (in process, client certificate); else the pipeline authenticates by the headers. */
  readonly user?: UserInfo
  /** The transport was shown a certificate, or headers of a proxy, that it does not believe: only a token can say who asks. */
  readonly isDoubtful?: boolean
  /** Bytes from the wire, or a plain object from a caller in process (which must not change it afterwards). */
  readonly body?: Uint8Array | object
  /** Why there is no body, when it could not be read: too large, not gzip. Who needs none does not mind. */
  readonly unreadable?: StatusError
  /** The body was YAML that has been read already: keys that it had twice. */
  readonly duplicates?: readonly string[]
  /** In process: answer with shared frozen objects instead of bytes. */
  readonly wantsObjects?: boolean
  readonly remoteAddress?: string
  /** The client's connection when it asks for another protocol (exec, attach, port-forward, WebSockets through a proxy). */
  readonly upgrade?: { readonly socket: Duplex; readonly head: Buffer }
  /** Aborts when the caller goes away; ends watches. */
  readonly signal: AbortSignal
}

export interface WatchEvent<T = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: T
}

/** Where a long answer goes, piece by piece. */
export interface Sink {
  /** false: the peer is slower than this; `onDrain` tells when to go on. The bytes are sent all the same, and never written into. */
  write(bytes: Uint8Array): boolean
  onDrain: (() => void) | undefined
  end(): void
  /** Ends the answer so that the client sees that it is not whole. */
  abort(): void
}

export interface ApiResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body:
    | { readonly bytes: Uint8Array }
    /** Pieces of one body that are sent one after another without joining them (lists from stored bytes). */
    | { readonly chunks: readonly Uint8Array[] }
    /** Either is taken, once. `feed` writes into a sink when there is something to write; what it gives ends it. */
    | { readonly stream: AsyncIterable<Uint8Array>; readonly feed?: (sink: Sink) => () => void }
    /** Only with wantsObjects. */
    | { readonly object: object }
    /** Only with wantsObjects: a watch. Batches are delivered as they happen. */
    | { readonly events: AsyncIterable<readonly WatchEvent[]> }
}

/** The request pipeline: authentication, authorization, admission, the verb, encoding. Never throws: errors are Status answers. */
export type HandleRequest = (request: ApiRequest) => Promise<ApiResponse>
