import type { AdmissionMetrics, Step } from '../health/admission-metrics.ts'
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
  return timed('admit', request, metrics, async () => {
    await runAll('admit', plugins, request, metrics)
    const state = knownReinvocation(request)
    if (!state?.isWanted) return
    state.isSecond = true
    await runAll('admit', plugins, request, metrics)
  })
}

/** Lets every plugin judge the finished object, in order; the first refusal is thrown. */
export const runValidating = (
  plugins: readonly AdmissionPlugin[],
  request: AdmissionRequest,
  metrics: AdmissionMetrics,
): Promise<void> => timed('validate', request, metrics, () => runAll('validate', plugins, request, metrics))

async function timed(
  step: Step,
  { operation }: AdmissionRequest,
  metrics: AdmissionMetrics,
  run: () => Promise<void>,
): Promise<void> {
  const started = performance.now()
  let isRejected = true
  try {
    await run()
    isRejected = false
  } finally {
    metrics.step(step, operation, isRejected, (performance.now() - started) / 1000)
  }
}

async function runAll(
  step: Step,
  plugins: readonly AdmissionPlugin[],
  request: AdmissionRequest,
  metrics: AdmissionMetrics,
): Promise<void> {
  // What one took ends where the next begins: the clock is read once for each.
  let since = performance.now()
  const took = () => {
    const before = since
    since = performance.now()
    return (since - before) / 1000
  }
  for (const plugin of plugins) {
    const run = step === 'admit' ? plugin.mutate : plugin.validate
    if (!run) continue
    try {
      // Most plugins answer at once: an await for each would cost more than they do.
      const pending = run(request)
      if (pending) await pending
    } catch (error) {
      metrics.controller(plugin, step, request.operation, true, took())
      throw error
    }
    metrics.controller(plugin, step, request.operation, false, took())
  }
}
