// Traces by OpenTelemetry's protocol over HTTP, in JSON: for those who don't bring an OpenTelemetry tracer of their own.
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { type Clock, systemClock } from '../../apimachinery/clock.ts'
import type { Log } from '../log.ts'
import type { Span, SpanOptions, Tracer } from './trace.ts'

export interface OtlpOptions {
  /** Such as http://localhost:4318; `/v1/traces` is added. */
  readonly endpoint: string
  /** The value of service.name. */
  readonly service: string
  readonly headers?: Readonly<Record<string, string>>
  readonly clock?: Clock
  readonly log?: Log
}

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

/** A tracer whose spans are sent in batches. What can't be sent is dropped, and said in the log once per failure in a row. */
export function otlpTracer(options: OtlpOptions): OtlpTracer {
  const { clock = systemClock, log } = options
  const current = new AsyncLocalStorage<{ traceId: string; spanId: string }>()
  const url = `${options.endpoint.replace(/\/$/, '')}/v1/traces`
  let waiting: Ended[] = []
  let cancel: (() => void) | undefined
  let isFailing = false

  const nano = () => (BigInt(Math.floor(clock.now() * 1000)) * 1000n).toString()
  const send = async (spans: readonly Ended[]) => {
    const resource = { attributes: [attribute('service.name', options.service)] }
    const body = { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'slipway' }, spans }] }] }
    try {
      const headers = { 'content-type': 'application/json', ...options.headers }
      const answer = await fetch(url, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      })
      await answer.arrayBuffer()
      if (!answer.ok) throw new Error(`answered ${answer.status}`)
      isFailing = false
    } catch (error) {
      if (!isFailing) log?.warn('traces not sent', { url, error: String(error) })
      isFailing = true
    }
  }
  const flush = async () => {
    cancel?.()
    cancel = undefined
    const spans = waiting
    waiting = []
    for (let at = 0; at < spans.length; at += batch) await send(spans.slice(at, at + batch))
  }
  const ended = (span: Ended) => {
    if (waiting.length < mostWaiting) waiting.push(span)
    if (waiting.length === batch) void flush()
    else cancel ??= clock.after(everyMs, () => void flush())
  }

  return {
    flush,
    startActiveSpan<R>(name: string, { attributes = {} }: SpanOptions, run: (span: Span) => R): R {
      const parent = current.getStore()
      const traceId = parent?.traceId ?? randomBytes(16).toString('hex')
      const spanId = randomBytes(8).toString('hex')
      const startTimeUnixNano = nano()
      const said = Object.entries(attributes).map(([key, value]) => attribute(key, value))
      const events: object[] = []
      let status: object = {}
      const span: Span = {
        setAttribute: (key, value) => said.push(attribute(key, value)),
        recordException: ({ name: type, message }) => {
          const about = [attribute('exception.type', type), attribute('exception.message', message)]
          events.push({ name: 'exception', timeUnixNano: nano(), attributes: about })
        },
        setStatus: ({ code, message }) => {
          status = { code, ...(message ? { message } : {}) }
        },
        end: () =>
          ended({
            traceId,
            spanId,
            ...(parent ? { parentSpanId: parent.spanId } : {}),
            name,
            kind: 1,
            startTimeUnixNano,
            endTimeUnixNano: nano(),
            attributes: said,
            events,
            status,
          }),
      }
      return current.run({ traceId, spanId }, () => run(span))
    },
  }
}
