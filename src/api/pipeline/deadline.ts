import { DurationError, parseDuration } from '../../apimachinery/duration.ts'
import { badRequest, StatusError } from '../../apimachinery/status.ts'
import type { ApiResponse } from '../request.ts'

/** A client may ask for less time than this, not for more (kube-apiserver's --request-timeout). */
const longestMs = 60_000

/** In how many milliseconds a request wants to be answered, by `?timeout=`; undefined: it does not say, or more than it may. Throws 400. */
export function askedTime(query: URLSearchParams): number | undefined {
  const text = query.get('timeout')
  if (!text) return undefined
  try {
    const ms = parseDuration(text) / 1e6
    return ms > 0 && ms < longestMs ? ms : undefined
  } catch (error) {
    if (error instanceof DurationError) throw badRequest(`invalid timeout specified in the request URL - ${error.message}`)
    throw error
  }
}

/** When a request is over: nothing is written after that, and whoever it asks has until then. */
export class Deadline {
  readonly #endsAt: number

  constructor(ms = longestMs) {
    this.#endsAt = performance.now() + ms
  }

  /** Milliseconds; not more than 0 when it is over. */
  get leftMs(): number {
    return this.#endsAt - performance.now()
  }

  get isOver(): boolean {
    return this.leftMs <= 0
  }
}

/** What a write that came too late is refused with. */
export const overdue = (): StatusError =>
  new StatusError(504, 'Timeout', 'Timeout: request did not complete within requested timeout - context deadline exceeded', {})

/**
 * What `work` gives, or a 504 when the deadline comes first; the work goes on, and what it comes to is for the audit log. That answer stands
 * in front of what knows of formats: it is the same text for all.
 */
export async function within(deadline: Deadline, work: Promise<ApiResponse>): Promise<ApiResponse> {
  const { promise: late, resolve } = Promise.withResolvers<ApiResponse>()
  const timer = setTimeout(() => resolve(timedOut), Math.ceil(deadline.leftMs))
  try {
    const first = await Promise.race([work, late])
    // What was given up for lack of time comes in the same moment.
    return deadline.isOver && first.status >= 500 ? timedOut : first
  } finally {
    clearTimeout(timer)
  }
}

const timedOut: ApiResponse = {
  status: 504,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: {
    bytes: Buffer.from(
      '{"metadata":{},"status":"Failure","message":"Timeout: request did not complete within the allotted timeout","reason":"Timeout","details":{},"code":504}\n',
    ),
  },
}
