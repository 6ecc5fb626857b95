import { setFlagsFromString } from 'node:v8'

/** What V8 counts of calls before it optimizes a function for good; by itself it takes 3000. */
export const optimizeSoonerFlag = '--invocation-count-for-turbofan=1000'

/**
 * For a server that is ready: what each request calls once is optimized after a few thousand requests instead of ten thousand
 * (docs/decisions/0036). Not from the start, and not on the command line: V8 takes no code cache that was made with other flags.
 */
export function optimizeSooner(): void {
  setFlagsFromString(optimizeSoonerFlag)
}
