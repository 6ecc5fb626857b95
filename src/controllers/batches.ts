/**
 * Runs `act` `count` times in batches of 1, 2, 4 …, so that a cause that fails each time is asked once, not `count` times.
 * Stops after the batch in which something failed. Resolves to how many succeeded and the first error.
 */
export async function inSlowStart(
  count: number,
  act: (index: number) => Promise<void>,
): Promise<{ done: number; error?: unknown }> {
  let done = 0
  for (let size = Math.min(1, count); size > 0; size = Math.min(2 * size, count - done)) {
    const first = done
    const results = await Promise.allSettled(Array.from({ length: size }, (_, i) => act(first + i)))
    const failed = results.find((r) => r.status === 'rejected')
    done += results.filter((r) => r.status === 'fulfilled').length
    if (failed) return { done, error: failed.reason }
  }
  return { done }
}
