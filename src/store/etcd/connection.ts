import { readFileSync } from 'node:fs'
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import type { Peer } from '../grpc/call.ts'
import { GrpcError, grpcCode } from '../grpc/grpc-error.ts'

export interface EtcdServers {
  /** `http://host:port` or `https://host:port`; all are members of one cluster. */
  readonly urls: readonly string[]
  /** PEM files for https: the authority of the servers' certificates, and our own certificate and key. */
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
}

const connectTimeoutMs = 3000
/** A peer that vanished without closing is noticed by a ping that has no answer. */
const pingEveryMs = 10_000
const pingTimeoutMs = 5000
/** Watches that their readers let wait hold one stream's window each; the others must go on. */
const windowBytes = 64 << 20

/** One HTTP/2 session to whichever server answers; made anew when it breaks. */
export class Connection implements Peer {
  readonly name = 'etcd'
  readonly servers: EtcdServers
  readonly #tls: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer }
  #next = 0
  #session: Promise<ClientHttp2Session> | undefined
  #closed = false

  /** Throws when a URL or a file is not good. */
  constructor(servers: EtcdServers) {
    if (servers.urls.length === 0) throw new Error('--etcd-servers: at least one URL is needed')
    for (const url of servers.urls) {
      const protocol = URL.canParse(url) ? new URL(url).protocol : ''
      if (protocol !== 'http:' && protocol !== 'https:')
        throw new Error(`--etcd-servers ${url}: must be URLs such as http://127.0.0.1:2379`)
    }
    this.servers = servers
    const { caFile, certFile, keyFile } = servers
    this.#tls = {
      ...(caFile ? { ca: readFileSync(caFile) } : {}),
      ...(certFile ? { cert: readFileSync(certFile) } : {}),
      ...(keyFile ? { key: readFileSync(keyFile) } : {}),
    }
  }

  /** The session, connecting if there is none: each server is tried once. Throws GrpcError `unavailable`. */
  session(): Promise<ClientHttp2Session> {
    if (this.#closed) return Promise.reject(new GrpcError(grpcCode.unavailable, 'the connection to etcd is closed'))
    this.#session ??= this.#connectToAny().then(
      (session) => {
        session.once('close', () => {
          this.#session = undefined
        })
        return session
      },
      (error: unknown) => {
        this.#session = undefined
        throw error
      },
    )
    return this.#session
  }

  close(): void {
    this.#closed = true
    this.#session?.then(
      (session) => session.destroy(),
      () => {},
    )
  }

  async #connectToAny(): Promise<ClientHttp2Session> {
    const { urls } = this.servers
    const failures: string[] = []
    for (let i = 0; i < urls.length; i++) {
      const url = urls[this.#next++ % urls.length] ?? ''
      try {
        return await this.#connect(url)
      } catch (error) {
        failures.push(`${url}: ${(error as Error).message}`)
      }
    }
    throw new GrpcError(grpcCode.unavailable, `etcd cannot be reached: ${failures.join('; ')}`)
  }

  #connect(url: string): Promise<ClientHttp2Session> {
    return new Promise((resolve, reject) => {
      const session = connect(url, { ...this.#tls, settings: { initialWindowSize: 1 << 20, enablePush: false } })
      const timer = setTimeout(() => session.destroy(new Error(`no answer within ${connectTimeoutMs} ms`)), connectTimeoutMs)
      session.once('connect', () => {
        clearTimeout(timer)
        session.setLocalWindowSize(windowBytes)
        keepAlive(session)
        resolve(session)
      })
      session.on('error', reject)
      session.once('goaway', (code) => {
        if (code === constants.NGHTTP2_NO_ERROR) session.close()
        else session.destroy()
      })
      session.once('close', () => {
        clearTimeout(timer)
        reject(new Error('the connection was closed'))
      })
    })
  }
}

function keepAlive(session: ClientHttp2Session): void {
  let unanswered: NodeJS.Timeout | undefined
  const timer = setInterval(() => {
    unanswered ??= setTimeout(() => session.destroy(), pingTimeoutMs).unref()
    session.ping(() => {
      clearTimeout(unanswered)
      unanswered = undefined
    })
  }, pingEveryMs).unref()
  session.once('close', () => {
    clearInterval(timer)
    clearTimeout(unanswered)
  })
}
