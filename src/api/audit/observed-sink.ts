import type { Sink } from '../request.ts'

/** A sink whose end is told of, once, before it comes to the peer. */
export class ObservedSink implements Sink {
  readonly #to: Sink
  readonly #ended: () => void | Promise<void>

  constructor(to: Sink, ended: () => void | Promise<void>) {
    this.#to = to
    this.#ended = ended
  }

  write(bytes: Uint8Array): boolean {
    return this.#to.write(bytes)
  }

  get onDrain(): (() => void) | undefined {
    return this.#to.onDrain
  }

  set onDrain(listener: (() => void) | undefined) {
    this.#to.onDrain = listener
  }

  end(): void {
    this.#tell(() => this.#to.end())
  }

  abort(): void {
    this.#tell(() => this.#to.abort())
  }

  #tell(then: () => void): void {
    const telling = this.#ended()
    if (telling) void telling.then(then)
    else then()
  }
}
