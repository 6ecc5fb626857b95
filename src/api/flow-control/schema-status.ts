import { type Clock, timeText } from '../../apimachinery/clock.ts'
import type { FlowSchema } from '../../apimachinery/kinds.generated.ts'
import { flowschemas, prioritylevelconfigurations } from '../../apimachinery/resources.generated.ts'
import { isNotFound } from '../../apimachinery/status.ts'
import type { Objects } from '../objects.ts'
import { apply } from '../own-requests.ts'
import type { HandleRequest } from '../request.ts'

interface SchemaStatusOptions {
  readonly objects: Objects
  readonly handle: HandleRequest
  readonly clock: Pick<Clock, 'now'>
}

/** Writes into each FlowSchema's status whether its priority level exists (`Dangling`). Returns what ends it, and resolves when nothing more is written. */
export function keepSchemaStatus(options: SchemaStatusOptions): () => Promise<void> {
  const { objects } = options
  const ended = new AbortController()
  let busy: Promise<void> | undefined
  let again = false
  const run = async () => {
    again = busy !== undefined
    if (busy) return
    // A write that failed is made good at the next change.
    busy = settle(options, ended.signal).catch((error) => console.error('status of FlowSchemas:', error))
    await busy
    busy = undefined
    if (again) void run()
  }
  const stops = [objects.onChange(flowschemas, () => void run()), objects.onChange(prioritylevelconfigurations, () => void run())]
  void run()
  return async () => {
    ended.abort()
    for (const stop of stops) stop()
    await busy
  }
}

async function settle({ objects, handle, clock }: SchemaStatusOptions, ended: AbortSignal): Promise<void> {
  const levels = new Set(objects.list(prioritylevelconfigurations).map(({ metadata }) => metadata.name))
  for (const schema of objects.list(flowschemas)) {
    if (ended.aborted) return
    const wanted = danglingOf(schema, levels)
    const { status, reason, message } = schema.status?.conditions?.find(({ type }) => type === 'Dangling') ?? {}
    if (status === wanted.status && reason === wanted.reason && message === wanted.message) continue
    await writeCondition(handle, schema.metadata.name, { ...wanted, lastTransitionTime: timeText(clock.now()) })
  }
}

/** The condition of a schema where there are these levels. */
function danglingOf({ spec }: FlowSchema, levels: ReadonlySet<string | undefined>) {
  const name = spec?.priorityLevelConfiguration.name ?? ''
  const says = `This FlowSchema references the PriorityLevelConfiguration object named "${name}"`
  return levels.has(name)
    ? { type: 'Dangling', status: 'False', reason: 'Found', message: `${says} and it exists` }
    : { type: 'Dangling', status: 'True', reason: 'NotFound', message: `${says} but there is no such object` }
}

async function writeCondition(handle: HandleRequest, name: string | undefined, condition: object): Promise<void> {
  const schema = { metadata: { name }, status: { conditions: [condition] } }
  const fieldManager = 'api-priority-and-fairness-config-consumer-v1'
  try {
    await apply(handle, flowschemas, schema, { subresource: 'status', fieldManager })
  } catch (error) {
    // One that is gone needs no status.
    if (!isNotFound(error)) throw error
  }
}
