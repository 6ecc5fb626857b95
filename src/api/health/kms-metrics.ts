import type { KmsObserver } from '../../store/encryption/kms/observer.ts'
import { Counter, Gauge, Histogram, hashed } from './exposition.ts'

const bounds = Array.from({ length: 20 }, (_, i) => 0.0001 * 2 ** i)
const prefix = 'apiserver_envelope_encryption'
/** Key ids come from plugins: of those that were used least recently nothing is told any more. */
const mostKeys = 100

/** What is done with KMS plugins, under kube-apiserver's names. Key ids are shown as hashes. */
export class KmsMetrics implements KmsObserver {
  readonly #calls = new Histogram(
    `${prefix}_kms_operations_latency_seconds`,
    'KMS operation duration with gRPC error code status total.',
    bounds,
  )
  readonly #used = new LatestKeys()
  readonly #told = new LatestKeys()
  readonly #invalid = new Counter(
    `${prefix}_invalid_key_id_from_status_total`,
    'Number of times an invalid keyID is returned by the Status RPC call split by error.',
  )
  readonly #kept = new Gauge(
    `${prefix}_dek_source_cache_size`,
    'Number of records in data encryption key (DEK) source cache. On a restart, this value is an approximation of the number of decrypt RPC calls the server will make to the KMS plugin.',
  )
  readonly #serverId: string
  readonly #now: () => number

  /** `serverId`: of this API server, shown as a hash. */
  constructor(serverId: string, now: () => number = Date.now) {
    this.#serverId = serverId
    this.#now = now
  }

  called(provider: string, method: string, code: string, seconds: number): void {
    this.#calls.observe(`grpc_status_code="${code}",method_name="${method}",provider_name="${provider}"`, seconds)
  }

  keyUsed(transformation: string, provider: string, keyId: string): void {
    this.#used.note({ transformation, provider, keyId }, this.#now() / 1000)
  }

  keyTold(provider: string, keyId: string): void {
    this.#told.note({ transformation: '', provider, keyId }, this.#now() / 1000)
  }

  invalidKeyId(provider: string, code: string): void {
    this.#invalid.add(`error="${code}",provider_name="${provider}"`, 1)
  }

  sourcesKept(provider: string, count: number): void {
    this.#kept.set(`provider_name="${provider}"`, count)
  }

  *lines(): Generator<string> {
    yield* this.#calls.lines()
    yield* this.#kept.lines()
    yield* this.#invalid.lines()
    const told = this.#told.byLabels(this.#serverId)
    const used = this.#used.byLabels(this.#serverId)
    yield* filled(
      new Gauge(`${prefix}_key_id_hash_last_timestamp_seconds`, 'The last time in seconds when a keyID was used.'),
      used,
      'at',
    )
    yield* filled(
      new Gauge(
        `${prefix}_key_id_hash_status_last_timestamp_seconds`,
        'The last time in seconds when a keyID was returned by the Status RPC call.',
      ),
      told,
      'at',
    )
    yield* filled(
      new Counter(
        `${prefix}_key_id_hash_total`,
        'Number of times a keyID is used split by transformation type, provider, and apiserver identity.',
      ),
      used,
      'count',
    )
  }
}

interface Key {
  readonly transformation: string
  readonly provider: string
  readonly keyId: string
}

interface Use {
  readonly count: number
  readonly at: number
}

/** How often keys were met and when last. */
class LatestKeys {
  readonly #uses = new Map<string, Key & Use>()

  note(key: Key, at: number): void {
    const id = JSON.stringify([key.transformation, key.provider, key.keyId])
    const count = (this.#uses.get(id)?.count ?? 0) + 1
    // The one used last stands last.
    this.#uses.delete(id)
    this.#uses.set(id, { ...key, count, at })
    const [oldest] = this.#uses.keys()
    if (this.#uses.size > mostKeys && oldest !== undefined) this.#uses.delete(oldest)
  }

  byLabels(serverId: string): Map<string, Use> {
    return new Map(
      [...this.#uses.values()].map(({ transformation, provider, keyId, ...use }) => {
        const kind = transformation === '' ? '' : `,transformation_type="${transformation}"`
        const ids = `apiserver_id_hash="${hashed(serverId)}",key_id_hash="${hashed(keyId)}"`
        return [`${ids},provider_name="${provider}"${kind}`, use]
      }),
    )
  }
}

function filled(metric: Gauge | Counter, uses: ReadonlyMap<string, Use>, what: 'at' | 'count'): Generator<string> {
  for (const [labels, use] of uses) metric.set(labels, use[what])
  return metric.lines()
}
