import { DurationError, parseDuration } from '../../apimachinery/duration.ts'
import { badRequest, StatusError } from '../../apimachinery/status.ts'

/** A client may ask for less time than this, not for more (kube-apiserver's --request-timeout). */
const longestMs = 60_000

/** In how many milliseconds a request wants to be answered, by `?timeout=`; undefined: it does not say, or more than it may. Throws 400. */
export function deadlineOf(query: URLSearchParams): number | undefined {
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

/** What `work` gives, or a 504 when that takes longer than `ms`; the work goes on, its outcome is nobody's then. */
export async function within<T>(ms: number | undefined, work: T | Promise<T>): Promise<T> {
  if (ms === undefined) return work
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timedOut()), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const timedOut = (): StatusError =>
  new StatusError(504, 'Timeout', 'Timeout: request did not complete within the allotted timeout', {})
