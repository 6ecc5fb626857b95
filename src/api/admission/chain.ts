import type { AdmissionMetrics, ChainTimes, Step } from '../health/admission-metrics.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { knownReinvocation } from './reinvocation.ts'

/**
 * Lets every plugin change the object, in order; the first refusal is thrown. When policies or webhooks changed it, all plugins run
 * once more, so that none has seen only a part of it.
 */
export function runMutating(
  plugins: readonly AdmissionPlugin[],
  request: AdmissionRequest,
  metrics: AdmissionMetrics,
): Promise<void> {
  return timed('admit', plugins, request, metrics, async (times) => {
    await runAll('admit', plugins, request, times)
    const state = knownReinvocation(request)
    if (!state?.isWanted) return
    state.isSecond = true
    await runAll('admit', plugins, request, times)
  })
}

/** Lets every plugin judge the finished object, in order; the first refusal is thrown. */
export function runValidating(
  plugins: readonly AdmissionPlugin[],
  request: AdmissionRequest,
  metrics: AdmissionMetrics,
): Promise<void> {
  return timed('validate', plugins, request, metrics, (times) => runAll('validate', plugins, request, times))
}

async function timed(
  step: Step,
  plugins: readonly AdmissionPlugin[],
  request: AdmissionRequest,
  metrics: AdmissionMetrics,
  run: (times: ChainTimes) => Promise<void>,
): Promise<void> {
  const times = metrics.of(plugins, step, request.operation)
  const started = performance.now()
  let isRejected = true
  try {
    await run(times)
    isRejected = false
  } finally {
    times.done(isRejected, (performance.now() - started) / 1000)
  }
}

async function runAll(
  step: Step,
  plugins: readonly AdmissionPlugin[],
  request: AdmissionRequest,
  times: ChainTimes,
): Promise<void> {
  // What one took ends where the next begins: the clock is read once for each.
  let since = performance.now()
  let i = 0
  try {
    for (; i < plugins.length; i++) {
      const plugin = plugins[i]
      const run = step === 'admit' ? plugin?.mutate : plugin?.validate
      if (!run) continue
      // Most plugins answer at once: an await for each would cost more than they do.
      const pending = run(request)
      if (pending) await pending
      const now = performance.now()
      times.passed(i, (now - since) / 1000)
      since = now
    }
  } catch (error) {
    times.refused(i, (performance.now() - since) / 1000)
    throw error
  }
}
