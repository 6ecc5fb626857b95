/** What a span tells; the part of OpenTelemetry's Span that is used, so that one of those fits too. */
export interface Span {
  setAttribute(name: string, value: string | number | boolean): unknown
  recordException(error: Error): void
  setStatus(status: { readonly code: number; readonly message?: string }): unknown
  end(): void
}

export interface SpanOptions {
  readonly attributes?: Readonly<Record<string, string | number | boolean>>
}

/** The part of OpenTelemetry's Tracer that is used: one of those fits. Spans that are started within `run` are its children. */
export interface Tracer {
  startActiveSpan<R>(name: string, options: SpanOptions, run: (span: Span) => R): R
}

/** OpenTelemetry's SpanStatusCode.ERROR. */
const errorCode = 2

const noSpan: Span = { setAttribute: () => {}, recordException: () => {}, setStatus: () => {}, end: () => {} }

export const noTracer: Tracer = { startActiveSpan: (_name, _options, run) => run(noSpan) }

/** Runs `work` in a span, which ends with it and tells of its failure. */
export function traced<R>(tracer: Tracer, name: string, options: SpanOptions, work: (span: Span) => Promise<R>): Promise<R> {
  return tracer.startActiveSpan(name, options, async (span) => {
    try {
      return await work(span)
    } catch (error) {
      span.recordException(error instanceof Error ? error : new Error(String(error)))
      span.setStatus({ code: errorCode, message: error instanceof Error ? error.message : String(error) })
      throw error
    } finally {
      span.end()
    }
  })
}
