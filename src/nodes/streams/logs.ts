import type { Readable, Writable } from 'node:stream'
import type Docker from 'dockerode'

interface LogOptions {
  readonly follow: boolean
  readonly timestamps: boolean
  readonly tailLines: number | undefined
  /** Seconds since 1970, with a fraction. */
  readonly since: number | undefined
  readonly limitBytes: number | undefined
  readonly stream: 'All' | 'Stdout' | 'Stderr'
}

/** A wrong query: its message is the answer. */
export class LogOptionError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LogOptionError'
  }
}

function count(query: URLSearchParams, name: string, least: number): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const value = Number(text)
  if (!Number.isInteger(value) || value < least)
    throw new LogOptionError(`${name}: ${JSON.stringify(text)} must be an integer of at least ${least}`)
  return value
}

const flag = (query: URLSearchParams, name: string): boolean => ['true', '1', ''].includes(query.get(name) ?? 'false')

/** The options of PodLogOptions as its query has them. Throws LogOptionError. */
export function parseLogOptions(query: URLSearchParams, now: number): LogOptions {
  const seconds = count(query, 'sinceSeconds', 1)
  const time = query.get('sinceTime')
  const at = time ? Date.parse(time) : Number.NaN
  if (time && Number.isNaN(at)) throw new LogOptionError(`sinceTime: ${JSON.stringify(time)} is not a time of RFC 3339`)
  if (time && seconds !== undefined) throw new LogOptionError('at most one of sinceTime and sinceSeconds may be given')
  const stream = query.get('stream') ?? 'All'
  if (stream !== 'All' && stream !== 'Stdout' && stream !== 'Stderr')
    throw new LogOptionError(`stream: unknown ${JSON.stringify(stream)}`)
  return {
    follow: flag(query, 'follow'),
    timestamps: flag(query, 'timestamps'),
    tailLines: count(query, 'tailLines', 0),
    since: seconds !== undefined ? now / 1000 - seconds : time ? at / 1000 : undefined,
    limitBytes: count(query, 'limitBytes', 1),
    stream,
  }
}

function written(to: Writable, data: Buffer): Promise<void> | undefined {
  if (to.write(data)) return undefined
  return new Promise((resolve) => {
    const end = () => {
      to.off('drain', end)
      to.off('close', end)
      resolve()
    }
    to.once('drain', end)
    to.once('close', end)
  })
}

/** The log texts in what Docker sends: framed by 8 header bytes unless the container has a terminal. */
async function* texts(from: Readable, isRaw: boolean): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of from) {
    if (isRaw) {
      yield chunk as Buffer
      continue
    }
    rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer])
    let at = 0
    const parts: Buffer[] = []
    while (rest.length - at >= 8) {
      const size = rest.readUInt32BE(at + 4)
      if (rest.length - at < 8 + size) break
      parts.push(rest.subarray(at + 8, at + 8 + size))
      at += 8 + size
    }
    rest = rest.subarray(at)
    if (parts.length > 0) yield Buffer.concat(parts)
  }
}

/** dockerode's own method reads a log that is not followed into memory whole; this streams either. */
function dialLogs(docker: Docker, id: string, query: object, signal: AbortSignal): Promise<Readable> {
  const request = {
    path: `/containers/${id}/logs?`,
    method: 'GET',
    options: query,
    isStream: true,
    abortSignal: signal,
    statusCodes: { 200: true, 101: true, 404: 'no such container', 500: 'server error' },
  }
  return new Promise((resolve, reject) => {
    docker.modem.dial(request as Parameters<typeof docker.modem.dial>[0], (error, stream) =>
      error ? reject(error) : resolve(stream as Readable),
    )
  })
}

/** Opens a container's log as Docker keeps it. */
export async function openLog(
  docker: Docker,
  containerId: string,
  options: LogOptions,
  signal: AbortSignal,
): Promise<AsyncGenerator<Buffer>> {
  const container = docker.getContainer(containerId)
  const { Config: config } = await container.inspect()
  const query = {
    stdout: options.stream !== 'Stderr',
    stderr: options.stream !== 'Stdout',
    timestamps: options.timestamps,
    follow: options.follow,
    ...(options.tailLines === undefined ? {} : { tail: options.tailLines }),
    ...(options.since === undefined ? {} : { since: options.since.toFixed(3) }),
  }
  const stream = await dialLogs(docker, containerId, query, signal)
  return texts(stream, config.Tty)
}

/** Writes a log to `to` until it ends, is long enough, or the reader goes. */
export async function writeLog(log: AsyncGenerator<Buffer>, to: Writable, limitBytes: number | undefined): Promise<void> {
  let left = limitBytes ?? Number.POSITIVE_INFINITY
  for await (const text of log) {
    if (to.destroyed) break
    const wait = written(to, text.length > left ? text.subarray(0, left) : text)
    if (wait) await wait
    left -= text.length
    if (left <= 0) break
  }
}
