import { parseJson } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import type { Revision } from '../../store/store.ts'
import { plainJsonSteps } from '../schema/plain-json.ts'
import { deepFreeze, freezeSteps } from './freeze.ts'

/** A version of an object: its bytes as they are sent, and the object, parsed when first asked for. */
export class Stored {
  readonly key: string
  readonly bytes: Uint8Array
  readonly revision: Revision
  #object: WeakRef<KubeObject> | undefined
  /** Kept for selectors, so that a list with one does not parse every object again. */
  #labels: Readonly<Record<string, string>> | undefined

  /** `object` is this one's from now on: nobody changes it any more. */
  constructor(key: string, bytes: Uint8Array, revision: Revision, object?: KubeObject) {
    this.key = key
    this.bytes = bytes
    this.revision = revision
    if (!object) return
    this.#object = new WeakRef(object)
    this.#labels = object.metadata.labels ?? noLabels
  }

  /** Frozen and shared. Not held by this: informers and callers that want it keep it alive. */
  get object(): KubeObject {
    const known = this.#object?.deref()
    // Most of what is written is never asked for: it is frozen when it is.
    if (known) return deepFreeze(known)
    const object = deepFreeze(parseJson(textOf(this.bytes)) as KubeObject)
    this.#object = new WeakRef(object)
    return object
  }

  /** As `object`, in steps. Whoever wants it later has to hold it. */
  *read(): Steps<KubeObject> {
    const object = this.#object?.deref() ?? (yield* this.#parsed())
    yield* freezeSteps(object)
    this.#object = new WeakRef(object)
    return object
  }

  *#parsed(): Steps<KubeObject> {
    const text = textOf(this.bytes)
    yield
    return ((yield* plainJsonSteps(text))?.value ?? parseJson(text)) as KubeObject
  }

  get labels(): Readonly<Record<string, string>> {
    this.#labels ??= this.object.metadata.labels ?? noLabels
    return this.#labels
  }

  get name(): string {
    return this.key.slice(this.key.lastIndexOf('/') + 1)
  }
}

const noLabels: Readonly<Record<string, string>> = Object.freeze({})

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
