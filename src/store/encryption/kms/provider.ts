import type { Sealer } from '../providers.ts'
import { CurrentKey } from './current-key.ts'
import { decodeObject, encodeObject } from './encrypted-object.ts'
import type { KmsObserver } from './observer.ts'
import { Openers } from './openers.ts'
import { kmsPlugin } from './plugin.ts'

export interface KmsOptions {
  readonly name: string
  readonly endpoint: string
  readonly timeoutMs: number
}

export interface KmsProvider extends Sealer {
  readonly name: string
  /** How the plugin is: what /healthz/kms-providers says. Throws with the reason. */
  check(): Promise<void>
  /** Asks the plugin again and again, until `close`. `onRotated`: values that were sealed before are stale now. `onFailure`: told of each failure. */
  follow(onRotated: () => void, onFailure: (error: Error) => void): void
  close(): void
}

const everyMs = 60_000
const afterFailureMs = 10_000

/** A Sealer whose seeds a KMS plugin seals. Nothing can be sealed or opened before `check` has once succeeded. */
export function kmsProvider(options: KmsOptions, observe: KmsObserver, now: () => number = Date.now): KmsProvider {
  const { name } = options
  const plugin = kmsPlugin({ ...options, observe })
  const key = new CurrentKey({ name, plugin, now, observe })
  const openers = new Openers(plugin, (count) => observe.sourcesKept(name, count))
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  return {
    name,
    prefix: `k8s:enc:kms:v2:${name}:`,
    seal(plain, context) {
      const { source, cipher } = key.forWriting()
      openers.offer(source, cipher)
      observe.keyUsed('to_storage', name, source.keyId)
      return encodeObject({ source, data: cipher.seal(plain, context) })
    },
    open(sealed, context) {
      const { source, data } = decodeObject(sealed)
      const opener = openers.of(source)
      if (!opener) throw new Error('the key that it was sealed with is not opened yet')
      observe.keyUsed('from_storage', name, source.keyId)
      return opener.open(data, context)
    },
    prepare: (sealed) => openers.fetch(decodeObject(sealed).source),
    isCurrent(sealed) {
      const { source } = decodeObject(sealed)
      const current = key.now?.source
      return current === undefined || (source.keyId === current.keyId && source.type === current.type)
    },
    check: () => key.check(),
    follow(onRotated, onFailure) {
      key.onRotated = onRotated
      const again = (ms: number) => {
        if (!isClosed) timer = setTimeout(ask, ms).unref()
      }
      const ask = () =>
        key.check().then(
          () => again(everyMs),
          (error: Error) => {
            onFailure(error)
            again(afterFailureMs)
          },
        )
      again(everyMs)
    },
    close() {
      isClosed = true
      clearTimeout(timer)
      plugin.close()
    },
  }
}
