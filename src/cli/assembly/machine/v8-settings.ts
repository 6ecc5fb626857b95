import { setFlagsFromString } from 'node:v8'

/** What V8 is told, and the figure that it takes by itself where it has one. */
export const servingFlags: readonly { readonly flag: string; readonly value: number; readonly usual: number }[] = [
  // What each request calls once is optimized after a few thousand requests instead of ten thousand.
  { flag: '--invocation-count-for-turbofan', value: 1000, usual: 3000 },
  { flag: '--minimum-invocations-after-ic-update', value: 200, usual: 500 },
  { flag: '--concurrent-recompilation-queue-length', value: 64, usual: 8 },
  // A full collection waits until the old space is 2.5 times what the last one left. V8 lets a heap that grows slowly grow by a tenth, and
  // so collects again after 100 ms, for 20 to 60 ms each time while other programs have the processors.
  { flag: '--heap-growing-percent', value: 150, usual: 0 },
  // Memory that is free is not given back in pauses: to take it again cost a third of the rate of the writes that followed.
  { flag: '--memory-reducer-gc-count', value: 0, usual: 2 },
]

/**
 * For a server that is ready: how V8 compiles and collects under many small requests (docs/decisions/0036). Not from the start, and not
 * on the command line: V8 takes no code cache that was made with other flags.
 */
export function tuneForServing(): void {
  for (const { flag, value } of servingFlags) setFlagsFromString(`${flag}=${value}`)
}
