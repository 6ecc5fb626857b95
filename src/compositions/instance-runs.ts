import { aborted } from '../apimachinery/aborted.ts'
import type { Clock } from '../apimachinery/clock.ts'
import type { Client } from '../client/client.ts'
import type { Log } from '../operators/log.ts'
import { runOperators } from '../operators/run-operators.ts'
import type { CompiledComposition } from './compile.ts'
import { instanceOperator } from './instance-operator.ts'

interface InstanceRunsOptions {
  readonly client: Client
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly log: Log
}

interface Run {
  readonly revision: string
  readonly stop: AbortController
  readonly stopped: Promise<void>
}

/** The operators of Compositions that run now, by the Composition's name. */
export class InstanceRuns {
  readonly #options: InstanceRunsOptions
  readonly #runs = new Map<string, Run>()

  constructor(options: InstanceRunsOptions) {
    this.#options = options
  }

  /** Runs `composition`, unless that revision of it runs already, instead of what ran under its name. */
  run(composition: CompiledComposition, revision: string): void {
    const before = this.#runs.get(composition.name)
    if (before?.revision === revision) return
    before?.stop.abort()
    const { client, clock, log } = this.#options
    const stop = new AbortController()
    const signal = AbortSignal.any([stop.signal, this.#options.signal])
    const operator = instanceOperator(composition)
    // One object is worked on by one run at a time: the new one begins when the old one has ended.
    const stopped = (before?.stopped ?? Promise.resolve()).then(
      () => runOperators(client, [operator], { signal, clock, log, election: false, webhooks: false }).stopped,
    )
    this.#runs.set(composition.name, { revision, stop, stopped })
  }

  /** Ends what runs under `name`; resolves when it has ended. */
  async stop(name: string): Promise<void> {
    const run = this.#runs.get(name)
    this.#runs.delete(name)
    run?.stop.abort()
    await run?.stopped
  }

  /** Resolves when all have ended, after `signal` aborted. */
  async stopped(): Promise<void> {
    await aborted(this.#options.signal)
    await Promise.all([...this.#runs.values()].map((run) => run.stopped))
  }
}
