import { createHash } from 'node:crypto'
import type { KmsObserver } from '../../store/encryption/kms/observer.ts'
import { Gauge, Histogram } from './exposition.ts'

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
  readonly #invalid = new Gauge()
  readonly #kept = new Map<string, number>()
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
    this.#kept.set(provider, count)
  }

  *lines(): Generator<string> {
    yield* this.#calls.lines()
    const kept = new Gauge()
    for (const [provider, count] of this.#kept) kept.add(`provider_name="${provider}"`, count)
    yield* kept.lines(
      `${prefix}_dek_source_cache_size`,
      'gauge',
      'Number of records in data encryption key (DEK) source cache. On a restart, this value is an approximation of the number of decrypt RPC calls the server will make to the KMS plugin.',
    )
    yield* this.#invalid.lines(
      `${prefix}_invalid_key_id_from_status_total`,
      'counter',
      'Number of times an invalid keyID is returned by the Status RPC call split by error.',
    )
    const told = this.#told.byLabels(this.#serverId)
    const used = this.#used.byLabels(this.#serverId)
    yield* gauge(used, 'at').lines(
      `${prefix}_key_id_hash_last_timestamp_seconds`,
      'gauge',
      'The last time in seconds when a keyID was used.',
    )
    yield* gauge(told, 'at').lines(
      `${prefix}_key_id_hash_status_last_timestamp_seconds`,
      'gauge',
      'The last time in seconds when a keyID was returned by the Status RPC call.',
    )
    yield* gauge(used, 'count').lines(
      `${prefix}_key_id_hash_total`,
      'counter',
      'Number of times a keyID is used split by transformation type, provider, and apiserver identity.',
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
        const ids = `apiserver_id_hash="${hash(serverId)}",key_id_hash="${hash(keyId)}"`
        return [`${ids},provider_name="${provider}"${kind}`, use]
      }),
    )
  }
}

function gauge(uses: ReadonlyMap<string, Use>, what: 'at' | 'count'): Gauge {
  const out = new Gauge()
  for (const [labels, use] of uses) out.add(labels, use[what])
  return out
}

const hash = (text: string): string => (text === '' ? '' : `sha256:${createHash('sha256').update(text).digest('hex')}`)
