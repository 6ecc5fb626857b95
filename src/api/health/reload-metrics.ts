import { Counter, Gauge, hashed, header } from './exposition.ts'

/** What of a server's configuration may be another while it runs. */
type ReloadSubject = 'authentication' | 'authorization' | 'encryption'

/** How often a configuration file was taken over while the server ran, under kube-apiserver's names. Its content is shown as a hash. */
export class ReloadMetrics {
  readonly #subject: ReloadSubject
  readonly #server: string
  readonly #now: () => number
  readonly #counts: Counter
  readonly #times: Gauge
  #config = ''

  /** `serverId`: of this API server, shown as a hash. `content`: what it started with. */
  constructor(subject: ReloadSubject, serverId: string, content: string, now: () => number = Date.now) {
    this.#subject = subject
    const reloads = `${prefixOf(subject)}_automatic_reload`
    const [lastHelp, totalHelp] = helpOf(subject)
    this.#times = new Gauge(`${reloads}_last_timestamp_seconds`, lastHelp)
    this.#counts = new Counter(`${reloads}s_total`, totalHelp)
    this.#server = `apiserver_id_hash="${hashed(serverId)}"`
    this.#config = hashed(content)
    this.#now = now
  }

  succeeded(content: string): void {
    this.#config = hashed(content)
    this.#count('success')
  }

  failed(): void {
    this.#count('failure')
  }

  #count(status: string): void {
    const labels = `${this.#server},status="${status}"`
    this.#counts.add(labels, 1)
    this.#times.set(labels, this.#now() / 1000)
  }

  *lines(): Generator<string> {
    yield* this.#times.lines()
    yield* this.#counts.lines()
    const info = `${prefixOf(this.#subject)}_last_config_info`
    yield* header(
      info,
      'gauge',
      `Information about the last applied ${this.#subject} configuration with hash as label, split by apiserver identity.`,
    )
    yield `${info}{${this.#server},hash="${this.#config}"} 1`
  }
}

const prefixOf = (subject: ReloadSubject): string => `apiserver_${subject}_config_controller`

function helpOf(subject: ReloadSubject): readonly [last: string, total: string] {
  if (subject === 'encryption')
    return [
      'Timestamp of the last successful or failed automatic reload of encryption configuration split by apiserver identity.',
      'Total number of reload successes and failures of encryption configuration split by apiserver identity.',
    ]
  const what = `of ${subject} configuration split by status and apiserver identity.`
  return [`Timestamp of the last automatic reload ${what}`, `Total number of automatic reloads ${what}`]
}
