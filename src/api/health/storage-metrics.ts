import { Counter, Histogram } from './exposition.ts'

const bounds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60]
const root = '/registry/'

/** How long writes to the store take, under the name by which Kubernetes' dashboards know it. */
export class StorageMetrics {
  readonly #durations = new Histogram('etcd_request_duration_seconds', 'Latency of writes to the store in seconds.', bounds)

  readonly #requests = new Counter('etcd_requests_total', 'Writes to the store.')
  readonly #errors = new Counter('etcd_request_errors_total', 'Writes to the store that failed.')

  /** Waits for `write`, and counts how long that took. `key` says what is written. */
  async time<T>(operation: 'create' | 'update' | 'delete', key: string, write: Promise<T>): Promise<T> {
    const started = performance.now()
    const [group = '', resource = ''] = key.slice(root.length).split('/', 2)
    const labels = `group="${group === 'core' ? '' : group}",operation="${operation}",resource="${resource}"`
    this.#requests.add(labels, 1)
    try {
      return await write
    } catch (error) {
      this.#errors.add(labels, 1)
      throw error
    } finally {
      this.#durations.observe(labels, (performance.now() - started) / 1000)
    }
  }

  *lines(): Generator<string> {
    yield* this.#durations.lines()
    yield* this.#requests.lines()
    yield* this.#errors.lines()
  }
}
