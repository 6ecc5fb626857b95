import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { type Answer, addressesIn, MalformedMessage, type Query, rcode, readQuery, recordType } from './message.ts'
import { writeAnswer, writeCut, writeQuery } from './message-writer.ts'
import type { Upstream } from './upstream.ts'
import type { ZoneAnswer } from './zone.ts'

interface DnsServerOptions {
  readonly address: string
  readonly port: number
  /** What the cluster knows. */
  readonly answer: (question: Query['question']) => ZoneAnswer
  readonly upstream: Upstream
  /** In [0, 1): addresses are given in changing order. */
  readonly random?: () => number
  readonly onError?: (error: unknown) => void
}

export interface DnsServer {
  readonly port: number
  close(): Promise<void>
}

const idleTcpMs = 10_000
const mostTcpConnections = 1000
const mostTcpBytes = 65_535

/** Answers DNS questions over UDP and TCP on one address and port; port 0 is one that is free for both. Rejects when the port is taken. */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const { udp, tcp } = await listenOnBoth(options)
  udp.on('error', (error) => options.onError?.(error))
  tcp.on('error', (error) => options.onError?.(error))
  return { port: udp.address().port, close: () => close(udp, tcp) }
}

const triesForAnyPort = 20

async function listenOnBoth(options: DnsServerOptions): Promise<{ udp: UdpSocket; tcp: Server }> {
  for (let attempt = 1; ; attempt++) {
    const udp = createSocket({ type: options.address.includes(':') ? 'udp6' : 'udp4' })
    udp.on('message', (bytes, client) => void serveUdp(options, udp, bytes, client))
    udp.bind(options.port, options.address)
    await once(udp, 'listening')
    const tcp = createServer((socket) => serveTcp(options, socket))
    tcp.maxConnections = mostTcpConnections
    try {
      tcp.listen(udp.address().port, options.address)
      await once(tcp, 'listening')
      return { udp, tcp }
    } catch (error) {
      udp.close()
      // The system chose a port that is free for UDP alone.
      const isChance = options.port === 0 && (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (!isChance || attempt === triesForAnyPort) throw error
    }
  }
}

async function close(udp: UdpSocket, tcp: Server): Promise<void> {
  udp.close()
  tcp.close()
  await once(tcp, 'close')
}

async function serveUdp(options: DnsServerOptions, socket: UdpSocket, bytes: Buffer, client: RemoteInfo): Promise<void> {
  const reply = await respond(options, bytes, 'udp')
  try {
    if (reply) socket.send(reply, client.port, client.address)
  } catch (error) {
    options.onError?.(error)
  }
}

function serveTcp(options: DnsServerOptions, socket: Socket): void {
  let received = Buffer.alloc(0)
  let queue = Promise.resolve()
  socket.setTimeout(idleTcpMs, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (piece) => {
    received = Buffer.concat([received, piece])
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const bytes = received.subarray(2, 2 + received.readUInt16BE(0))
      received = received.subarray(2 + bytes.length)
      queue = queue.then(() => respondTcp(options, socket, bytes))
    }
    if (received.length > mostTcpBytes + 2) socket.destroy()
  })
}

async function respondTcp(options: DnsServerOptions, socket: Socket, bytes: Buffer): Promise<void> {
  const reply = await respond(options, bytes, 'tcp')
  if (!reply) {
    socket.destroy()
    return
  }
  const length = Buffer.alloc(2)
  length.writeUInt16BE(reply.length)
  if (socket.writable) socket.write(Buffer.concat([length, reply]))
}

const empty = (code: number): Answer => ({ rcode: code, authoritative: false, answers: [], authorities: [], additionals: [] })

/** The reply to one message; undefined when it deserves none. Never throws. */
async function respond(options: DnsServerOptions, bytes: Buffer, transport: 'udp' | 'tcp'): Promise<Buffer | undefined> {
  let query: Query
  try {
    query = readQuery(bytes)
  } catch (error) {
    return error instanceof MalformedMessage && error.id !== undefined ? formatError(error.id) : undefined
  }
  const limit = transport === 'udp' ? query.udpSize : mostTcpBytes
  try {
    if (query.opcode !== 0) return writeAnswer(query, empty(rcode.notImplemented), limit)
    const found = query.question.class === 1 ? options.answer(query.question) : { kind: 'elsewhere' as const }
    if (found.kind === 'answer') return writeAnswer(query, shuffled(found.answer, options.random ?? Math.random), limit)
    if (found.kind === 'alias') return await followAlias(options, query, found, limit)
    const answer = await options.upstream.ask(query, bytes)
    return answer.length <= limit ? answer : writeCut(query)
  } catch (error) {
    options.onError?.(error)
    return writeAnswer(query, empty(rcode.serverFailure), limit)
  }
}

function formatError(id: number): Buffer {
  const reply = Buffer.alloc(12)
  reply.writeUInt16BE(id, 0)
  reply.writeUInt16BE(0x8080 | rcode.formatError, 2)
  return reply
}

function shuffled(answer: Answer, random: () => number): Answer {
  if (answer.answers.length < 2) return answer
  const by = Math.floor(random() * answer.answers.length)
  return { ...answer, answers: [...answer.answers.slice(by), ...answer.answers.slice(0, by)] }
}

/** An ExternalName: the alias, and what its target resolves to when that is in the cluster or can be asked for. */
async function followAlias(
  options: DnsServerOptions,
  query: Query,
  alias: { readonly records: Answer['answers']; readonly target: string },
  limit: number,
): Promise<Buffer> {
  const inner = options.answer({ ...query.question, name: alias.target })
  const answer: Answer = { ...empty(rcode.ok), authoritative: true, answers: alias.records }
  if (inner.kind === 'answer')
    return writeAnswer(query, { ...answer, answers: [...alias.records, ...inner.answer.answers] }, limit)
  if (inner.kind === 'alias') return writeAnswer(query, answer, limit)
  const resolved = await resolveTarget(options, alias.target, query.question.type)
  return writeAnswer(query, { ...answer, answers: [...alias.records, ...resolved] }, limit)
}

async function resolveTarget({ upstream, onError }: DnsServerOptions, target: string, type: number): Promise<Answer['answers']> {
  if (type !== recordType.A && type !== recordType.AAAA) return []
  const question = { name: target, type, class: 1 }
  const query: Query = { id: 0, opcode: 0, recursionDesired: true, question, udpSize: 512, hasEdns: false }
  try {
    const answer = await upstream.ask(query, writeQuery(query))
    const name = type === recordType.A ? 'A' : 'AAAA'
    // Whatever aliases lie between: a client that asked for an address gets one.
    return [...addressesIn(answer, type)].map(({ address, ttl }) => ({ name: target, ttl, data: { type: name, address } }))
  } catch (error) {
    onError?.(error)
    return []
  }
}
