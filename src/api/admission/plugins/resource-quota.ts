import type { ResourceQuota } from '../../../apimachinery/kinds.generated.ts'
import { resourcequotas } from '../../../apimachinery/resources.generated.ts'
import { isConflict } from '../../../apimachinery/status.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { oldestFirst } from '../oldest-first.ts'
import { charge } from '../quota/charge.ts'
import { meterFor } from '../quota/usage.ts'
import { isWrite } from '../refusal.ts'

/** Writes a quota's status; throws Conflict when the quota has changed since `quota` was read. */
export type WriteQuotaStatus = (quota: ResourceQuota) => Promise<void>

const mostTries = 4

/**
 * What a namespace's quotas no longer allow is refused, and what they allow is counted before it is written. The count may be too
 * high afterwards, should the write fail: the quota controller counts anew; it is never too low.
 */
export function resourceQuota(objects: Objects, write: WriteQuotaStatus): AdmissionPlugin {
  /** Writes of one namespace are counted one after another, so that none is counted on old figures. */
  const turns = new Map<string, Promise<void>>()
  return {
    name: 'ResourceQuota',
    validate: (request) => {
      const { namespace } = request
      const isNamespace = request.group === '' && request.resource === 'namespaces'
      if (!namespace || isNamespace || !isWrite(request) || objects.list(resourcequotas, namespace).length === 0) return undefined
      const meter = meterFor(request)
      if (!meter?.counts(request)) return undefined
      const turn = (turns.get(namespace) ?? Promise.resolve()).then(() => take(objects, request, meter, write))
      const settled = turn.catch(() => {})
      turns.set(namespace, settled)
      void settled.then(() => {
        if (turns.get(namespace) === settled) turns.delete(namespace)
      })
      return turn
    },
  }
}

async function take(
  objects: Objects,
  request: AdmissionRequest,
  meter: NonNullable<ReturnType<typeof meterFor>>,
  write: WriteQuotaStatus,
): Promise<void> {
  const done = new Set<string>()
  for (let attempt = 1; ; attempt++) {
    const all = oldestFirst(objects.list(resourcequotas, request.namespace))
    const quotas = all.filter((q) => !done.has(q.metadata.name ?? ''))
    const outcome = charge(request, quotas, meter)
    if (outcome instanceof Error) throw outcome
    if (request.dryRun) return
    try {
      for (const quota of outcome) {
        await write(quota)
        done.add(quota.metadata.name ?? '')
      }
      return
    } catch (error) {
      if (!isConflict(error) || attempt === mostTries) throw error
    }
  }
}
