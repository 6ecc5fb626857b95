import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { readFile } from 'node:fs/promises'
import { createConnection, isIP } from 'node:net'
import { endOfQuestion, type Query, walkRecords } from './message.ts'

/** Asks other name servers. */
export interface Upstream {
  /** The answer to `query`, whose bytes are `bytes`, with its id. Throws when no server answers. */
  ask(query: Query, bytes: Buffer): Promise<Buffer>
}

interface UpstreamOptions {
  /** `address` or `address#port`; default: those of /etc/resolv.conf. */
  readonly servers?: readonly string[]
  /** Never asked: our own address, lest we ask ourselves. */
  readonly except?: readonly string[]
  readonly now?: () => number
}

const timeoutMs = 2000
const cacheSize = 4096
const longestTtl = 30
/** More are refused: a flood of names that nobody answers must not grow memory. */
const mostInFlight = 1000

interface Kept {
  readonly bytes: Buffer
  readonly at: number
  readonly until: number
}

export function createUpstream({ servers, except = [], now = Date.now }: UpstreamOptions = {}): Upstream {
  const cache = new Map<string, Kept>()
  const inFlight = new Map<string, Promise<Buffer>>()
  let known: Promise<readonly string[]> | undefined

  const ask = async (bytes: Buffer): Promise<Buffer> => {
    known ??= servers ? Promise.resolve(servers) : resolvers(except)
    let failure: unknown = new Error('no name server is known for names outside the cluster (/etc/resolv.conf)')
    for (const server of await known) {
      try {
        const answer = await askUdp(server, bytes)
        return isCut(answer) ? await askTcp(server, bytes) : answer
      } catch (error) {
        failure = error
      }
    }
    // The host may have moved to another network.
    known = undefined
    throw failure
  }
  const keep = (key: string, bytes: Buffer): void => {
    const seconds = ttlOf(bytes)
    if (seconds === 0) return
    if (cache.size >= cacheSize) cache.delete(cache.keys().next().value ?? '')
    cache.set(key, { bytes, at: now(), until: now() + seconds * 1000 })
  }

  return {
    async ask(query, bytes) {
      const { name, type, class: family } = query.question
      const key = `${name.toLowerCase()} ${type} ${family} ${query.hasEdns} ${query.recursionDesired}`
      const kept = cache.get(key)
      if (kept && kept.until > now()) return adapted(kept.bytes, bytes, Math.floor((now() - kept.at) / 1000))
      cache.delete(key)
      let pending = inFlight.get(key)
      if (!pending) {
        if (inFlight.size >= mostInFlight) throw new Error('too many questions are open')
        pending = ask(bytes).finally(() => inFlight.delete(key))
        inFlight.set(key, pending)
        pending.then(
          (answer) => keep(key, answer),
          () => {},
        )
      }
      return adapted(await pending, bytes, 0)
    },
  }
}

/** An answer made to fit a query that asks the same: its id, its spelling of the name, and the time that has passed. */
function adapted(answer: Buffer, query: Buffer, age: number): Buffer {
  const copy = Buffer.from(answer)
  query.copy(copy, 0, 0, 2)
  query.copy(copy, 12, 12, endOfQuestion(query))
  if (age > 0) for (const r of recordsOf(copy)) copy.writeUInt32BE(Math.max(0, r.ttl - age), r.ttlAt)
  return copy
}

function* recordsOf(bytes: Buffer) {
  const count = bytes.readUInt16BE(6) + bytes.readUInt16BE(8) + bytes.readUInt16BE(10)
  // The TTL of OPT (41) is no time.
  for (const r of walkRecords(bytes, endOfQuestion(bytes), count)) if (r.type !== 41) yield r
}

/** How long an answer may be kept: its shortest TTL; failures not at all. */
function ttlOf(bytes: Buffer): number {
  const code = bytes.readUInt16BE(2) & 0xf
  if (code !== 0 && code !== 3) return 0
  const ttls = [...recordsOf(bytes)].map((r) => r.ttl)
  const isNegative = code === 3 || bytes.readUInt16BE(6) === 0
  return Math.min(isNegative ? 5 : longestTtl, ...ttls)
}

const isCut = (bytes: Buffer): boolean => (bytes.readUInt16BE(2) & 0x0200) !== 0

async function resolvers(except: readonly string[]): Promise<readonly string[]> {
  const text = await readFile('/etc/resolv.conf', 'utf8').catch(() => '')
  return text
    .split('\n')
    .map((line) => /^\s*nameserver\s+([^\s%]+)/.exec(line)?.[1] ?? '')
    .filter((ip) => isIP(ip) !== 0 && !except.includes(ip))
}

const split = (server: string): { host: string; port: number } => {
  const [host = '', port = '53'] = server.split('#')
  return { host, port: Number(port) }
}

/** A socket and an id of its own for each question, so that an answer can't be guessed. */
function askUdp(server: string, bytes: Buffer): Promise<Buffer> {
  const { host, port } = split(server)
  const query = withId(bytes)
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4')
    const finish = (error: Error | undefined, answer?: Buffer): void => {
      clearTimeout(timer)
      socket.close()
      if (answer) resolve(answer)
      else reject(error)
    }
    const timer = setTimeout(() => finish(new Error(`name server ${server} did not answer in ${timeoutMs} ms`)), timeoutMs)
    socket.on('error', finish)
    socket.on('message', (answer) => {
      if (fits(answer, query)) finish(undefined, answer)
    })
    socket.connect(port, host, () => socket.send(query))
  })
}

function askTcp(server: string, bytes: Buffer): Promise<Buffer> {
  const { host, port } = split(server)
  const query = withId(bytes)
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port })
    let received = Buffer.alloc(0)
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`name server ${server} did not answer by TCP`)))
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`name server ${server} closed the connection`)))
    socket.on('data', (piece) => {
      received = Buffer.concat([received, piece])
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return
      const answer = received.subarray(2, 2 + received.readUInt16BE(0))
      if (fits(answer, query)) resolve(answer)
      socket.destroy()
    })
    const length = Buffer.alloc(2)
    length.writeUInt16BE(query.length)
    socket.write(Buffer.concat([length, query]))
  })
}

function withId(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt16BE(randomInt(0x10000), 0)
  return copy
}

/** Whether `answer` is one to `query`: same id and question, and well formed throughout. */
function fits(answer: Buffer, query: Buffer): boolean {
  try {
    const end = endOfQuestion(answer)
    const isAnswer = answer.readUInt16BE(0) === query.readUInt16BE(0) && (answer.readUInt16BE(2) & 0x8000) !== 0
    const text = (bytes: Buffer) => bytes.toString('latin1', 12, end).toLowerCase()
    return isAnswer && text(answer) === text(query) && [...recordsOf(answer)].length >= 0
  } catch {
    return false
  }
}
