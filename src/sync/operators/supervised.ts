import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Clock } from '../../apimachinery/clock.ts'
import type { KeyPair } from '../../operators/webhooks/certificates.ts'
import { type ControlGroup, controlGroup, type Limits } from './limits.ts'
import type { LogLines } from './log-lines.ts'
import { type Described, type Loaded, messageFrom, type ToChild } from './messages.ts'
import { type SandboxOptions, startSandboxed } from './sandbox.ts'
import type { Answering, Reachable } from './webhook-port.ts'

interface Program {
  /** Names the control group. */
  readonly id: string
  readonly loaded: Loaded
  readonly egress: readonly string[]
  readonly limits: Limits
}

/** How the process is: what it does now, and why it does not run. */
type State =
  | { readonly phase: 'loading' | 'described' | 'starting' | 'running' }
  | { readonly phase: 'crashed'; readonly message: string; readonly retryInMs: number }
  | { readonly phase: 'ended' }

export interface SupervisorOptions {
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly lines: LogLines
  /** Told when the state is another. */
  readonly changed: () => void
  /** Given a connection that the process did not take. */
  readonly givenBack: (connection: Socket) => void
  /** For tests: starts the process. */
  readonly start?: (options: SandboxOptions) => ChildProcess
}

const baseMs = 1000
const maxMs = 300_000
/** Who ran that long is forgiven what was before. */
const stableMs = 600_000
const graceMs = 10_000
/** Who asks a webhook waits for a start that comes within this time. */
const worthWaitingMs = 5000

/** Keeps one operator's process running: starts it again when it ended, ever later, until it is stopped. */
export class Supervised implements Answering {
  readonly program: Program
  readonly #options: SupervisorOptions
  #child: ChildProcess | undefined
  #group: ControlGroup | undefined
  #state: State = { phase: 'loading' }
  #described: Described | undefined
  #failures = 0
  #restarts = 0
  #startedAt = 0
  #said = ''
  #cancel = (): void => {}
  #ended = Promise.withResolvers<void>()
  #run: (ToChild & { type: 'run' }) | undefined
  #leaf: KeyPair | undefined
  #asked = 0
  #declines = false
  /** Connections of which the process has not said yet that it has them. */
  readonly #given = new Map<number, Socket>()

  constructor(program: Program, options: SupervisorOptions) {
    this.program = program
    this.#options = options
    this.#start()
  }

  get state(): State {
    return this.#state
  }
  /** What the module said it is, the last time that it was loaded. */
  get described(): Described | undefined {
    return this.#described
  }
  get restarts(): number {
    return this.#restarts
  }
  /** Whether the kernel holds the process to its limits. */
  get hasGroup(): boolean {
    return this.#group !== undefined
  }

  /** Whether those who ask its webhooks can be answered. */
  get reachable(): Reachable {
    const { phase } = this.#state
    // It may have ended, or be about to, before we are told.
    if (phase === 'starting' || phase === 'running') return this.#child?.connected && !this.#declines ? 'now' : 'soon'
    return this.#state.phase === 'crashed' && this.#state.retryInMs > worthWaitingMs ? 'no' : 'soon'
  }

  give(connection: Socket): void {
    const id = ++this.#asked
    this.#given.set(id, connection)
    const lost = (error: Error | null): void => {
      if (error) this.#giveBack(id)
    }
    if (!this.#child?.connected) this.#giveBack(id)
    else this.#child.send({ type: 'asked', id } satisfies ToChild, connection, { keepOpen: true }, lost)
  }

  #answering(id: number, isTaken: boolean): void {
    if (isTaken) {
      this.#given.get(id)?.destroy()
      this.#given.delete(id)
    } else {
      this.#declines = true
      this.#giveBack(id)
    }
  }

  /** It was not taken, so nothing was read from it: the next process may answer. */
  #giveBack(id: number): void {
    const connection = this.#given.get(id)
    this.#given.delete(id)
    if (connection) this.#options.givenBack(connection)
  }

  /** Lets the operators work, with what they need for that; also after each restart. */
  run(run: ToChild & { type: 'run' }): void {
    const isFirst = this.#run === undefined
    this.#run = run
    if (isFirst && this.#state.phase === 'described') this.#tellRun()
    else this.#child?.connected && this.#child.send({ type: 'token', token: run.token } satisfies ToChild)
  }

  /** From now on its webhooks are known by `leaf`. */
  certify(leaf: KeyPair): void {
    if (this.#leaf?.cert === leaf.cert) return
    this.#leaf = leaf
    if (this.reachable === 'now' && this.#child?.connected) this.#child.send({ type: 'leaf', leaf } satisfies ToChild)
  }

  /** Asks the process to end, then ends it; resolves when it has ended. */
  async stop(): Promise<void> {
    this.#cancel()
    const child = this.#child
    const isOver = this.#state.phase === 'crashed' || this.#state.phase === 'ended' || child === undefined
    // Nobody is told: who stops it knows, and would only start it again.
    this.#state = { phase: 'ended' }
    if (isOver) {
      this.#group?.remove()
      return
    }
    child.kill('SIGTERM')
    const force = this.#options.clock.after(graceMs, () => child.kill('SIGKILL'))
    await this.#ended.promise
    force()
    this.#group?.remove()
  }

  #start(): void {
    const { limits, id, loaded, egress } = this.program
    const { lines, clock } = this.#options
    this.#startedAt = clock.now()
    this.#said = ''
    this.#declines = false
    this.#ended = Promise.withResolvers()
    let child: ChildProcess
    try {
      child = (this.#options.start ?? startSandboxed)({ memoryMiB: limits.memoryMiB, packages: loaded.packages })
    } catch (error) {
      this.#crashed((error as Error).message)
      return
    }
    this.#child = child
    lines.follow(child.stdout)
    lines.follow(child.stderr)
    const forget = lines.onLine((line) => {
      // The first line of an error says what it is; stack traces follow.
      if (/\berror\b|\bError\b/.test(line)) this.#said = line
    })
    child.on('message', (message) => this.#heard(message))
    child.on('error', (error) => {
      this.#said = error.message
    })
    child.on('close', (code, signal) => {
      forget()
      this.#ended.resolve()
      // What waits for a process waits for the next one, which is not there before this.
      setImmediate(() => {
        for (const id of [...this.#given.keys()]) this.#giveBack(id)
      })
      if (this.#state.phase === 'ended') return
      const how = signal ? `was ended by ${signal}${signal === 'SIGKILL' ? ' (out of memory?)' : ''}` : `exited with ${code}`
      this.#crashed(this.#said ? `${how}: ${this.#said}` : how)
    })
    this.#become({ phase: 'loading' })
    try {
      // Anew each time: another program may have removed the group of the one before.
      this.#group = controlGroup(id, limits)
      if (child.pid !== undefined) this.#group?.add(child.pid)
    } catch (error) {
      this.#said = `its limits could not be set: ${(error as Error).message}`
      child.kill('SIGKILL')
      return
    }
    child.send({ type: 'load', ...loaded, egress } satisfies ToChild)
  }

  #heard(said: unknown): void {
    const message = messageFrom(said)
    if (message?.type === 'answering') {
      this.#answering(message.id, message.isTaken)
      return
    }
    // Who is being stopped may still say that it runs.
    if (!message || this.#state.phase === 'ended') return
    if (message.type === 'loaded') {
      this.#described = message.described
      this.#become({ phase: 'described' })
      if (this.#run) this.#tellRun()
    } else if (message.type === 'running') this.#become({ phase: 'running' })
    else {
      this.#said = message.message
      this.#options.lines.add(message.message)
      this.#child?.kill('SIGKILL')
    }
  }

  #tellRun(): void {
    if (this.#leaf) this.#child?.send({ type: 'leaf', leaf: this.#leaf } satisfies ToChild)
    this.#child?.send(this.#run as ToChild)
    this.#become({ phase: 'starting' })
  }

  #crashed(message: string): void {
    const { clock, random, lines } = this.#options
    this.#failures = clock.now() - this.#startedAt > stableMs ? 1 : this.#failures + 1
    const retryInMs = Math.min(maxMs, baseMs * 2 ** (this.#failures - 1)) * (1 + random() / 10)
    lines.add(`slipway: the operator ${message}; it is started again in ${Math.round(retryInMs / 1000)} s`)
    this.#become({ phase: 'crashed', message, retryInMs })
    this.#cancel = clock.after(retryInMs, () => {
      this.#restarts++
      this.#start()
    })
  }

  #become(state: State): void {
    this.#state = state
    this.#options.changed()
  }
}
