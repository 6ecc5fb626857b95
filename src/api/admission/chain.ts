import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { knownReinvocation } from './reinvocation.ts'

/**
 * Lets every plugin change the object, in order; the first refusal is thrown. When policies or webhooks changed it, all plugins run
 * once more, so that none has seen only a part of it.
 */
export async function runMutating(plugins: readonly AdmissionPlugin[], request: AdmissionRequest): Promise<void> {
  await mutateAll(plugins, request)
  const state = knownReinvocation(request)
  if (!state?.isWanted) return
  state.isSecond = true
  await mutateAll(plugins, request)
}

async function mutateAll(plugins: readonly AdmissionPlugin[], request: AdmissionRequest): Promise<void> {
  for (const plugin of plugins) {
    // Most plugins answer at once: an await for each would cost more than they do.
    const pending = plugin.mutate?.(request)
    if (pending) await pending
  }
}

/** Lets every plugin judge the finished object, in order; the first refusal is thrown. */
export async function runValidating(plugins: readonly AdmissionPlugin[], request: AdmissionRequest): Promise<void> {
  for (const plugin of plugins) {
    const pending = plugin.validate?.(request)
    if (pending) await pending
  }
}
