import { createHash } from 'node:crypto'
import { Gauge, header } from './exposition.ts'

const hash = (text: string): string => (text === '' ? '' : `sha256:${createHash('sha256').update(text).digest('hex')}`)

/** What of a server's configuration may be another while it runs. */
export type ReloadSubject = 'authentication' | 'authorization' | 'encryption'

/** How often a configuration file was taken over while the server ran, under kube-apiserver's names. Its content is shown as a hash. */
export class ReloadMetrics {
  readonly #subject: ReloadSubject
  readonly #server: string
  readonly #now: () => number
  readonly #counts = new Gauge()
  readonly #times = new Map<string, number>()
  #config = ''

  /** `serverId`: of this API server, shown as a hash. `content`: what it started with. */
  constructor(subject: ReloadSubject, serverId: string, content: string, now: () => number = Date.now) {
    this.#subject = subject
    this.#server = `apiserver_id_hash="${hash(serverId)}"`
    this.#config = hash(content)
    this.#now = now
  }

  succeeded(content: string): void {
    this.#config = hash(content)
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
    const prefix = `apiserver_${this.#subject}_config_controller`
    const times = new Gauge()
    for (const [labels, at] of this.#times) times.add(labels, at)
    const [lastHelp, totalHelp] = helpOf(this.#subject)
    yield* times.lines(`${prefix}_automatic_reload_last_timestamp_seconds`, 'gauge', lastHelp)
    yield* this.#counts.lines(`${prefix}_automatic_reloads_total`, 'counter', totalHelp)
    yield* header(
      `${prefix}_last_config_info`,
      'gauge',
      `Information about the last applied ${this.#subject} configuration with hash as label, split by apiserver identity.`,
    )
    yield `${prefix}_last_config_info{${this.#server},hash="${this.#config}"} 1`
  }
}

function helpOf(subject: ReloadSubject): readonly [last: string, total: string] {
  if (subject === 'encryption')
    return [
      'Timestamp of the last successful or failed automatic reload of encryption configuration split by apiserver identity.',
      'Total number of reload successes and failures of encryption configuration split by apiserver identity.',
    ]
  const what = `of ${subject} configuration split by status and apiserver identity.`
  return [`Timestamp of the last automatic reload ${what}`, `Total number of automatic reloads ${what}`]
}
