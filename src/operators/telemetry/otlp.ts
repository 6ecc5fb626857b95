// Traces by OpenTelemetry's protocol over HTTP, in JSON: for those who don't bring an OpenTelemetry tracer of their own.
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { type Clock, systemClock } from '../../apimachinery/clock.ts'
import type { Log } from '../log.ts'
import type { Span, SpanOptions, Tracer } from './trace.ts'

/** Where traces are sent, and as whose. */
export interface OtlpOptions {
  /** Such as http://localhost:4318; `/v1/traces` is added. */
  readonly endpoint: string
  /** The value of service.name. */
  readonly service: string
  readonly headers?: Readonly<Record<string, string>>
  readonly clock?: Clock
  readonly log?: Log
}

/** A tracer that sends what it traced. */
export interface OtlpTracer extends Tracer {
  /** Sends what has ended so far. Never throws. */
  flush(): Promise<void>
}

interface Ended {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: 1
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly object[]
  readonly events: readonly object[]
  readonly status: object
}

const batch = 512
const mostWaiting = 4096
const everyMs = 5000

const anyValue = (value: string | number | boolean): object =>
  typeof value === 'string'
    ? { stringValue: value }
    : typeof value === 'boolean'
      ? { boolValue: value }
      : Number.isInteger(value)
        ? { intValue: String(value) }
        : { doubleValue: value }
const attribute = (key: string, value: string | number | boolean): object => ({ key, value: anyValue(value) })

/** Which span runs. */
interface SpanContext {
  readonly traceId: string
  readonly spanId: string
}

/** A tracer whose spans are sent in batches. What can't be sent is dropped, and said in the log once per failure in a row. */
export function otlpTracer(options: OtlpOptions): OtlpTracer {
  const { clock = systemClock } = options
  const current = new AsyncLocalStorage<SpanContext>()
  const exporter = new SpanExporter(options, clock)
  return {
    flush: () => exporter.flush(),
    startActiveSpan<R>(name: string, { attributes = {} }: SpanOptions, run: (span: Span) => R): R {
      const parent = current.getStore()
      const own = { traceId: parent?.traceId ?? randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') }
      const span = new RunningSpan({ name, attributes, own, parent, clock, ended: (s) => exporter.add(s) })
      return current.run(own, () => run(span))
    },
  }
}

/** Nanoseconds since 1970. */
const nano = (clock: Clock): string => (BigInt(Math.floor(clock.now() * 1000)) * 1000n).toString()

interface RunningSpanOptions {
  readonly name: string
  readonly attributes: NonNullable<SpanOptions['attributes']>
  readonly own: SpanContext
  readonly parent: SpanContext | undefined
  readonly clock: Clock
  readonly ended: (span: Ended) => void
}

class RunningSpan implements Span {
  readonly #options: RunningSpanOptions
  readonly #began: string
  readonly #attributes: object[]
  readonly #events: object[] = []
  #status: object = {}

  constructor(options: RunningSpanOptions) {
    this.#options = options
    this.#began = nano(options.clock)
    this.#attributes = Object.entries(options.attributes).map(([key, value]) => attribute(key, value))
  }

  setAttribute(key: string, value: string | number | boolean): void {
    this.#attributes.push(attribute(key, value))
  }

  recordException({ name: type, message }: Error): void {
    const about = [attribute('exception.type', type), attribute('exception.message', message)]
    this.#events.push({ name: 'exception', timeUnixNano: nano(this.#options.clock), attributes: about })
  }

  setStatus({ code, message }: Parameters<Span['setStatus']>[0]): void {
    this.#status = { code, ...(message ? { message } : {}) }
  }

  end(): void {
    const { name, own, parent, clock, ended } = this.#options
    ended({
      ...own,
      ...(parent ? { parentSpanId: parent.spanId } : {}),
      name,
      kind: 1,
      startTimeUnixNano: this.#began,
      endTimeUnixNano: nano(clock),
      attributes: this.#attributes,
      events: this.#events,
      status: this.#status,
    })
  }
}

/** Sends spans that have ended: as soon as they fill a batch, or some time after the first. */
class SpanExporter {
  readonly #options: OtlpOptions
  readonly #clock: Clock
  readonly #url: string
  #waiting: Ended[] = []
  #cancel: (() => void) | undefined
  #isFailing = false

  constructor(options: OtlpOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
    this.#url = `${options.endpoint.replace(/\/$/, '')}/v1/traces`
  }

  add(span: Ended): void {
    if (this.#waiting.length < mostWaiting) this.#waiting.push(span)
    if (this.#waiting.length === batch) void this.flush()
    else this.#cancel ??= this.#clock.after(everyMs, () => void this.flush())
  }

  async flush(): Promise<void> {
    this.#cancel?.()
    this.#cancel = undefined
    const spans = this.#waiting
    this.#waiting = []
    for (let at = 0; at < spans.length; at += batch) await this.#send(spans.slice(at, at + batch))
  }

  async #send(spans: readonly Ended[]): Promise<void> {
    const { service, headers, log } = this.#options
    const resource = { attributes: [attribute('service.name', service)] }
    const body = { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'slipway' }, spans }] }] }
    try {
      const answer = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      })
      await answer.arrayBuffer()
      if (!answer.ok) throw new Error(`answered ${answer.status}`)
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing) log?.warn('traces not sent', { url: this.#url, error: String(error) })
      this.#isFailing = true
    }
  }
}
