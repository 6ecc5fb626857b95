import type { Duplex, Readable } from 'node:stream'
import type Docker from 'dockerode'
import { type Status, StatusError } from '../../apimachinery/status.ts'
import { dockerMessage } from '../docker/engine.ts'

export interface TerminalSize {
  readonly width: number
  readonly height: number
}

/** What the client wants to be connected. */
export interface CommandOptions {
  readonly command: readonly string[]
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/** The client's side of exec or attach, whatever carries it. */
export interface CommandStreams {
  /** Ends when the client closes its input. Undefined: none was asked for. */
  readonly stdin: Readable | undefined
  /** Resolves when more may be written. */
  write(to: 'stdout' | 'stderr', data: Buffer): Promise<void>
  onResize(listener: (size: TerminalSize) => void): void
  /** Says how it ended and closes. */
  finish(status: Status): Promise<void>
  /** Resolves when the client went away. */
  readonly gone: Promise<void>
}

const success = { metadata: {}, status: 'Success' } as Status

/** The Status of a command that ended with `exitCode`. */
function exitStatus(exitCode: number): Status {
  if (exitCode === 0) return success
  return {
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: error executing command, exit code ${exitCode}`,
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  } as Status
}

const failureStatus = (message: string): Status => new StatusError(500, 'InternalError', message).status

/** Copies Docker's output to the client: raw of a terminal, else frames of 8 header bytes that say which stream. */
async function copyOut(from: Duplex, streams: CommandStreams, isRaw: boolean): Promise<void> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of from) {
    if (isRaw) {
      await streams.write('stdout', chunk as Buffer)
      continue
    }
    rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer])
    while (rest.length >= 8) {
      const size = rest.readUInt32BE(4)
      if (rest.length < 8 + size) break
      if (size > 0) await streams.write(rest[0] === 2 ? 'stderr' : 'stdout', rest.subarray(8, 8 + size))
      rest = rest.subarray(8 + size)
    }
  }
}

async function connect(docker: Duplex, streams: CommandStreams, isRaw: boolean): Promise<void> {
  const { stdin } = streams
  // A command that ends before its input has an input that nobody reads.
  docker.on('error', () => {})
  stdin?.on('error', () => {})
  stdin?.pipe(docker)
  void streams.gone.then(() => docker.destroy())
  await copyOut(docker, streams, isRaw).catch(() => undefined)
  stdin?.unpipe(docker)
  docker.destroy()
}

/** Runs a command in a running container, connected to the client, to its end. */
export async function serveExec(
  docker: Docker,
  containerId: string,
  options: CommandOptions,
  streams: CommandStreams,
): Promise<void> {
  try {
    const exec = await docker.getContainer(containerId).exec({
      Cmd: [...options.command],
      AttachStdin: options.stdin,
      AttachStdout: options.stdout,
      AttachStderr: options.stderr && !options.tty,
      Tty: options.tty,
      ...(options.tty ? { Env: ['TERM=xterm'] } : {}),
    })
    let isStarted = false
    let size: TerminalSize | undefined
    const resize = () => size && isStarted && exec.resize({ h: size.height, w: size.width }).catch(() => undefined)
    streams.onResize((next) => {
      size = next
      resize()
    })
    const socket = await exec.start({ hijack: true, stdin: options.stdin, Tty: options.tty })
    isStarted = true
    resize()
    await connect(socket, streams, options.tty)
    const { ExitCode: exitCode } = await exec.inspect()
    await streams.finish(exitStatus(exitCode ?? 0))
  } catch (error) {
    await streams.finish(failureStatus(dockerMessage(error)))
  }
}

/** Connects the client to the main process of a running container, until that ends or the client goes. */
export async function serveAttach(
  docker: Docker,
  containerId: string,
  options: CommandOptions,
  streams: CommandStreams,
): Promise<void> {
  try {
    const container = docker.getContainer(containerId)
    streams.onResize((size) => void container.resize({ h: size.height, w: size.width }).catch(() => undefined))
    const socket = await container.attach({
      stream: true,
      hijack: true,
      stdin: options.stdin,
      stdout: options.stdout,
      stderr: options.stderr && !options.tty,
    })
    await connect(socket as Duplex, streams, options.tty)
    await streams.finish(success)
  } catch (error) {
    await streams.finish(failureStatus(dockerMessage(error)))
  }
}
