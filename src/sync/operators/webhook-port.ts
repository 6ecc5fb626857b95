import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../../apimachinery/clock.ts'
import { listenOn } from '../../apimachinery/open-port.ts'

/** Whether the process that answers can be given a connection now, after it has started (again), or not in time. */
export type Reachable = 'now' | 'soon' | 'no'

export interface Answering {
  readonly reachable: Reachable
  /** Gives it a connection that nothing was read from. */
  give(connection: Socket): void
}

interface WebhookPortOptions {
  /** What was listened on before, so that nobody need learn another; taken when it is free. */
  readonly preferred: number | undefined
  /** Who answers now. */
  readonly answering: () => Answering | undefined
  readonly clock: Clock
}

const mostWaiting = 128
/** No API server asks for longer. */
const patienceMs = 30_000

/**
 * A port of the loopback device at which an operator's webhooks are asked. The server listens, and hands each connection over to the operator's
 * process, so that the process needs no right to listen, and a restart of it only makes those who ask wait.
 */
export class WebhookPort {
  readonly port: number
  readonly #server: Server
  readonly #options: WebhookPortOptions
  readonly #waiting = new Map<Socket, () => void>()

  private constructor(server: Server, port: number, options: WebhookPortOptions) {
    this.#server = server
    this.#options = options
    this.port = port
    server.on('connection', (connection) => this.wait(connection))
  }

  static async open(options: WebhookPortOptions): Promise<WebhookPort> {
    const { preferred = 0 } = options
    // What is not read here is there for the process.
    const server = createServer({ pauseOnConnect: true })
    const host = '127.0.0.1'
    const port = await listenOn(server, { port: preferred, host }).catch((error: NodeJS.ErrnoException) => {
      if (preferred === 0 || error.code !== 'EADDRINUSE') throw error
      return listenOn(server, { port: 0, host })
    })
    return new WebhookPort(server, port, options)
  }

  /** Looks again at those who wait: the process is in another state, or another one answers. */
  settle(): void {
    const answering = this.#options.answering()
    const reachable = answering?.reachable ?? 'soon'
    if (reachable === 'soon') return
    for (const connection of [...this.#waiting.keys()]) {
      this.#forget(connection)
      if (answering && reachable === 'now') answering.give(connection)
      else connection.destroy()
    }
  }

  /** Connections that were given away are no longer ours: they stay. */
  close(): void {
    for (const connection of [...this.#waiting.keys()]) {
      this.#forget(connection)
      connection.destroy()
    }
    this.#server.close()
  }

  /** Takes a connection that nothing was read from, until somebody answers it. */
  wait(connection: Socket): void {
    if (this.#waiting.size === mostWaiting) {
      connection.destroy()
      return
    }
    if (connection.listenerCount('error') === 0) connection.on('error', () => {})
    const cancel = this.#options.clock.after(patienceMs, () => {
      this.#forget(connection)
      connection.destroy()
    })
    this.#waiting.set(connection, cancel)
    this.settle()
  }

  #forget(connection: Socket): void {
    this.#waiting.get(connection)?.()
    this.#waiting.delete(connection)
  }
}
