// --qps and --burst-limit: how many requests a release verb sends in a time.
import type { RateLimit } from '../../../client/rate-limit.ts'
import type { Flags } from './flags.ts'
import { fromEnvironment } from './global-flags.ts'

/** What stands for 0, as in client-go. */
const QPS = 5
const BURST = 10
/** Helm's burst where only --qps is given. */
const USUAL_BURST = 100

/** undefined where neither flag nor variable asks for a limit, or one below 0 lifts it. */
export function rateLimitOf(flags: Flags): RateLimit | undefined {
  const said = (name: string) => {
    const text = flags.get(name) ?? fromEnvironment(name)
    return text === undefined || !Number.isFinite(Number(text)) ? undefined : Number(text)
  }
  const [qps, burst] = [said('qps'), said('burst-limit')]
  if (qps === undefined && burst === undefined) return undefined
  if ((qps ?? 0) < 0 || (burst ?? 0) < 0) return undefined
  return { qps: qps || QPS, burst: burst === undefined ? USUAL_BURST : Math.trunc(burst) || BURST }
}
