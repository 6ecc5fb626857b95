import type { KubeObject } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { isConflict, isNotFound } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import { type AnyCondition, withCondition } from './conditions.ts'
import { sameStatus } from './equality.ts'
import type { ConditionValue } from './operator.ts'

export type Status = Readonly<Record<string, unknown>>

/** Names that begin with a capital letter are conditions' types; fields of a status never do. */
const isCondition = (name: string): boolean => /^[A-Z]/.test(name)

/** The reason of a Ready condition that the runtime itself sets. */
export const waitingForKind = 'WaitingForKind'

const conditionsOf = (object: KubeObject) =>
  ((object as { status?: { conditions?: AnyCondition[] } }).status?.conditions ?? []) as AnyCondition[]

/** Whether its status says that a kind is missing. */
export const isBlocked = (object: KubeObject): boolean => conditionsOf(object).some((c) => c.reason === waitingForKind)

/** The status that `update` makes of the present one. Pure. */
export function statusFrom(object: KubeObject, update: Status, now: number): Record<string, unknown> {
  const status: Record<string, unknown> = { ...(object as { status?: Status }).status }
  const observedGeneration = object.metadata.generation ?? 0
  let conditions = conditionsOf(object).filter((c) => c.reason !== waitingForKind)
  for (const [name, value] of Object.entries(update)) {
    if (isCondition(name)) {
      const next = { ...said(name, value as ConditionValue), type: name, observedGeneration }
      conditions = withCondition<AnyCondition>(conditions, next, now)
    } else if (value === undefined) delete status[name]
    else status[name] = value
  }
  return { ...status, observedGeneration, ...(conditions.length > 0 || status.conditions ? { conditions } : {}) }
}

function said(type: string, value: ConditionValue): Omit<AnyCondition, 'type'> {
  if (value === true) return { status: 'True', reason: type, message: '' }
  if (typeof value === 'object') return { reason: value.status === 'True' ? type : `Not${type}`, message: '', ...value }
  return { status: 'False', reason: `Not${type}`, message: value === false ? '' : value }
}

const attempts = 3

/** Writes what `update` says to the status of `object`, unless it says that already; a change by others in between is kept. */
export async function writeOutcome<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  object: T,
  update: Status,
  now: () => number,
): Promise<void> {
  const { namespace, name = '', uid } = object.metadata
  for (let current = object, attempt = 1; ; attempt++) {
    const status = statusFrom(current, update, now())
    // What was decided is about the generation that was read.
    status.observedGeneration = object.metadata.generation ?? 0
    if (sameStatus((current as { status?: unknown }).status, status)) return
    try {
      await client.update(resource, { ...current, status } as T, { subresource: 'status', namespace })
      return
    } catch (error) {
      if (isNotFound(error)) throw await explained(client, resource, object, error)
      if (!isConflict(error) || attempt === attempts) throw error
      current = await client.get(resource, name, { namespace })
      if (current.metadata.uid !== uid) throw error
    }
  }
}

/** A status that is not found belongs to an object that is gone, or to a kind that has none. */
async function explained<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  { metadata }: T,
  error: unknown,
): Promise<unknown> {
  const { name = '', namespace } = metadata
  const isThere = await client.get(resource, name, { namespace }).then(
    () => true,
    () => false,
  )
  if (!isThere) return error
  const what = `${resource.kind} of ${resource.group}/${resource.version} has no status subresource`
  return new Error(`${what}: add "subresources: { status: {} }" to its definition`)
}
