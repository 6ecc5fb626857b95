import type { Socket } from 'node:net'
import { keyOf } from '../../apimachinery/object.ts'
import type { CommittedCode } from './code.ts'
import { LogLines } from './log-lines.ts'
import type { ToChild } from './messages.ts'
import type { OperatorObject } from './operator-object.ts'
import { Supervised, type SupervisorOptions } from './supervised.ts'
import { WebhookPort } from './webhook-port.ts'

interface Held {
  readonly supervised: Supervised
  /** Of code and limits: another one needs another process. */
  readonly digest: string
  readonly key: string
  /** Set once it has a token. */
  cancelToken: (() => void) | undefined
}

/** How long before a token of an hour ends it is asked for anew. */
const renewMs = 48 * 60_000
const retryMs = 10_000

interface ProcessesOptions extends Pick<SupervisorOptions, 'clock' | 'random' | 'start'> {
  /** Told of the key of an Operator whose process is in another state. */
  readonly changed: (key: string) => void
}

/** The processes of all Operator objects, by the object's uid. */
export class Processes {
  readonly #options: ProcessesOptions
  readonly #held = new Map<string, Held>()
  /** Outlive a process, so that why it ended can be read. */
  readonly #logs = new Map<string, LogLines>()
  readonly #ending = new Set<Promise<void>>()
  /** Outlive a process too: its successor answers at the same port. */
  readonly #ports = new Map<string, WebhookPort>()

  constructor(options: ProcessesOptions) {
    this.#options = options
  }

  /** The process of an object at this code, started now if none is; one of other code is ended first. */
  running(object: OperatorObject, { code, digest }: CommittedCode, packages: string | undefined): Supervised {
    const { uid = '' } = object.metadata
    const { module, memory, cpu, egress = [] } = object.spec
    const wanted = JSON.stringify([digest, module, memory, cpu, egress, packages])
    const before = this.#held.get(uid)
    if (before?.digest === wanted) return before.supervised
    void this.stop(uid)
    const key = keyOf(object)
    const limits = { memoryMiB: Number.parseInt(memory, 10), cpuMilli: Number.parseInt(cpu, 10) }
    // Told in a later turn: whoever asked holds the object now.
    const changed = () => {
      this.#ports.get(uid)?.settle()
      setImmediate(() => this.#options.changed(key))
    }
    const givenBack = (connection: Socket) => {
      const port = this.#ports.get(uid)
      if (port) port.wait(connection)
      else connection.destroy()
    }
    const supervised = new Supervised(
      { id: uid, loaded: { code, module, packages }, egress, limits },
      { ...this.#options, lines: this.logOf(key), changed, givenBack },
    )
    this.#held.set(uid, { supervised, digest: wanted, key, cancelToken: undefined })
    return supervised
  }

  /** Lets a process work with a token, and gives it a new one before each ends. */
  async run(
    supervised: Supervised,
    askToken: () => Promise<string>,
    message: (token: string) => ToChild & { type: 'run' },
  ): Promise<void> {
    const held = this.#held.get(supervised.program.id)
    if (held?.supervised !== supervised || held.cancelToken) return
    held.cancelToken = () => {}
    const renew = async (): Promise<void> => {
      const isGiven = await askToken().then(
        (token) => {
          supervised.run(message(token))
          return true
        },
        () => false,
      )
      if (this.#held.get(supervised.program.id) !== held) return
      held.cancelToken = this.#options.clock.after(isGiven ? renewMs : retryMs, () => void renew())
    }
    await renew()
  }

  /** The port at which the webhooks of an object's process are asked, opened now if it is not. */
  async portOf(uid: string, preferred: number | undefined): Promise<number> {
    const known = this.#ports.get(uid)
    if (known) return known.port
    const { clock } = this.#options
    const opened = await WebhookPort.open({ preferred, clock, answering: () => this.#held.get(uid)?.supervised })
    this.#ports.set(uid, opened)
    return opened.port
  }

  closePort(uid: string): void {
    this.#ports.get(uid)?.close()
    this.#ports.delete(uid)
  }

  async stop(uid: string): Promise<void> {
    const held = this.#held.get(uid)
    if (!held) return
    this.#held.delete(uid)
    held.cancelToken?.()
    const ending = held.supervised.stop()
    this.#ending.add(ending)
    await ending
    this.#ending.delete(ending)
  }

  async stopAll(): Promise<void> {
    for (const uid of this.#ports.keys()) this.closePort(uid)
    await Promise.all([...[...this.#held.keys()].map((uid) => this.stop(uid)), ...this.#ending])
  }

  /** What the process of the object `namespace/name` wrote. */
  logOf(key: string): LogLines {
    const known = this.#logs.get(key) ?? new LogLines()
    this.#logs.set(key, known)
    return known
  }

  hasLog(key: string): boolean {
    return this.#logs.has(key)
  }
}
