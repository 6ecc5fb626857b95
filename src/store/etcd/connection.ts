import { readFileSync } from 'node:fs'
import { type ClientHttp2Session, connect, type SecureClientSessionOptions } from 'node:http2'
import { connected, KeptSession } from '../grpc/kept-session.ts'

export interface EtcdServers {
  /** `http://host:port` or `https://host:port`; all are members of one cluster. */
  readonly urls: readonly string[]
  /** PEM files for https: the authority of the servers' certificates, and our own certificate and key. */
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
}

/** A peer that vanished without closing is noticed by a ping that has no answer. */
const pingEveryMs = 10_000
const pingTimeoutMs = 5000
/** Watches that their readers let wait hold one stream's window each; the others must go on. */
const windowBytes = 64 << 20

/** Calls go to whichever server answers: each is tried once, the next one first. Throws when a URL or a file is not good. */
export function connectionTo({ urls, caFile, certFile, keyFile }: EtcdServers): KeptSession {
  if (urls.length === 0) throw new Error('--etcd-servers: at least one URL is needed')
  for (const url of urls) {
    const protocol = URL.canParse(url) ? new URL(url).protocol : ''
    if (protocol !== 'http:' && protocol !== 'https:')
      throw new Error(`--etcd-servers ${url}: must be URLs such as http://127.0.0.1:2379`)
  }
  const tls = {
    ...(caFile ? { ca: readFileSync(caFile) } : {}),
    ...(certFile ? { cert: readFileSync(certFile) } : {}),
    ...(keyFile ? { key: readFileSync(keyFile) } : {}),
  }
  let next = 0
  return new KeptSession('etcd', async () => {
    const failures: string[] = []
    for (let i = 0; i < urls.length; i++) {
      const url = urls[next++ % urls.length] ?? ''
      try {
        return await openSession(url, tls)
      } catch (error) {
        failures.push(`${url}: ${(error as Error).message}`)
      }
    }
    throw new Error(`etcd cannot be reached: ${failures.join('; ')}`)
  })
}

function openSession(url: string, tls: SecureClientSessionOptions): Promise<ClientHttp2Session> {
  const session = connect(url, { ...tls, settings: { initialWindowSize: 1 << 20, enablePush: false } })
  session.once('connect', () => {
    session.setLocalWindowSize(windowBytes)
    keepAlive(session)
  })
  return connected(session)
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
