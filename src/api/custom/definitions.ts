import { isDeepStrictEqual } from 'node:util'
import { type Clock, timeText } from '../../apimachinery/clock.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { pathOf } from '../../apimachinery/resource.ts'
import { customresourcedefinitions } from '../../apimachinery/resources.generated.ts'
import { inTurns, type Steps } from '../../apimachinery/steps.ts'
import {
  approvalCondition,
  deletionFailed,
  nonStructuralCondition,
  TERMINATING,
  withCondition,
} from '../../crd/definition/conditions.ts'
import {
  type CustomResourceDefinition,
  conditionOf,
  type DefinitionStatus,
  isConditionTrue,
} from '../../crd/definition/definition.ts'
import { CLEANUP_FINALIZER, isTerminating } from '../../crd/definition/lifecycle.ts'
import { acceptNames, takenNames } from '../../crd/definition/names.ts'
import type { Objects } from '../objects.ts'
import { ask, update } from '../own-requests.ts'
import type { Registry } from '../registry/registry.ts'
import type { HandleRequest } from '../request.ts'
import { type ConvertObject, customResources } from './custom-resource.ts'

interface DefinitionsOptions {
  readonly objects: Objects
  readonly registry: Registry
  /** The request pipeline: statuses and deletions go through it like anybody's. */
  readonly handle: HandleRequest
  readonly convert: ConvertObject
  readonly clock: Clock
}

const resource = customresourcedefinitions
const retryMs = 1000
const underWayMs = 200

/**
 * Follows the stored CustomResourceDefinitions: considers their names, sets their conditions, serves what is established and stops serving
 * what is gone, and deletes the objects of one that is being deleted. Returns what ends it.
 */
export function followDefinitions(options: DefinitionsOptions): () => void {
  const follower = new DefinitionFollower(options)
  return () => follower.stop()
}

class DefinitionFollower {
  readonly #options: DefinitionsOptions
  /** Names of definitions that are worked on, and of those that changed meanwhile. */
  readonly #busy = new Set<string>()
  readonly #again = new Set<string>()
  readonly #retries = new Set<() => void>()
  readonly #unsubscribe: () => void
  #isEnded = false

  constructor(options: DefinitionsOptions) {
    this.#options = options
    for (const definition of this.#all()) {
      this.#serve(definition)
      void this.#work(definition.metadata.name ?? '')
    }
    this.#unsubscribe = options.objects.onChange(resource, (now, before) =>
      this.#changed(now as unknown as CustomResourceDefinition, before as unknown as CustomResourceDefinition),
    )
  }

  stop(): void {
    this.#isEnded = true
    this.#unsubscribe()
    for (const cancel of this.#retries) cancel()
  }

  #all(): readonly CustomResourceDefinition[] {
    return this.#options.objects.list(resource) as unknown as readonly CustomResourceDefinition[]
  }

  #changed(now: CustomResourceDefinition | undefined, before: CustomResourceDefinition | undefined): void {
    if (now) {
      if (!before || changesService(now, before)) this.#serve(now)
      void this.#work(now.metadata.name ?? '')
    } else if (before) {
      const { group = '', names } = before.spec
      this.#options.registry.replaceCustom(group, names?.plural ?? '', [])
      // Its names are free again.
      for (const other of this.#all()) if (other.spec.group === group) void this.#work(other.metadata.name ?? '')
    }
  }

  #serve(definition: CustomResourceDefinition): void {
    const { registry, convert } = this.#options
    const { group = '', names } = definition.spec
    const isServed = isConditionTrue(definition, 'Established') && !isGone(definition)
    registry.replaceCustom(group, names?.plural ?? '', isServed ? customResources(definition, convert) : [])
  }

  async #work(name: string): Promise<void> {
    if (this.#busy.has(name)) {
      this.#again.add(name)
      return
    }
    this.#busy.add(name)
    try {
      const definition = this.#options.objects.get(resource, undefined, name)
      if (definition) await settle(this.#options, definition as unknown as CustomResourceDefinition, this.#all())
    } catch {
      // Somebody else wrote first, or the store is full: look again at what is stored then.
      if (!this.#isEnded) this.#retry(name)
    } finally {
      this.#busy.delete(name)
      if (this.#again.delete(name)) void this.#work(name)
    }
  }

  #retry(name: string): void {
    const cancel = this.#options.clock.after(retryMs, () => {
      this.#retries.delete(cancel)
      void this.#work(name)
    })
    this.#retries.add(cancel)
  }
}

/** Its objects are deleted: from now on there is nothing to serve. */
function isGone(definition: CustomResourceDefinition): boolean {
  return isTerminating(definition) && conditionOf(definition, 'Terminating')?.reason === 'InstanceDeletionCompleted'
}

function changesService(now: CustomResourceDefinition, old: CustomResourceDefinition): boolean {
  return (
    now.metadata.generation !== old.metadata.generation ||
    isConditionTrue(now, 'Established') !== isConditionTrue(old, 'Established') ||
    isConditionTrue(now, 'Terminating') !== isConditionTrue(old, 'Terminating') ||
    !isDeepStrictEqual(now.status?.acceptedNames, old.status?.acceptedNames) ||
    isGone(now) !== isGone(old)
  )
}

/** Brings one definition's status to what its names and schemas say, or its deletion on. */
async function settle(
  options: DefinitionsOptions,
  definition: CustomResourceDefinition,
  all: readonly CustomResourceDefinition[],
): Promise<void> {
  if (definition.metadata.deletionTimestamp) return terminate(options, definition)
  const now = timeText(options.clock.now())
  const status = await inTurns(considered(definition, all, now))
  if (!isDeepStrictEqual(status, definition.status)) await writeStatus(options.handle, { ...definition, status })
}

/** The status after names, schemas and approval were looked at. Pure. */
function* considered(
  definition: CustomResourceDefinition,
  all: readonly CustomResourceDefinition[],
  now: string,
): Steps<DefinitionStatus> {
  let status = acceptNames(definition, takenNames(all, definition.spec.group ?? ''), now)
  const problem = yield* nonStructuralCondition(definition)
  if (problem) status = withCondition(status, problem, now)
  else if (status.conditions?.some((c) => c.type === 'NonStructuralSchema'))
    status = { ...status, conditions: status.conditions.filter((c) => c.type !== 'NonStructuralSchema') }
  const approval = approvalCondition(definition)
  return approval ? withCondition(status, approval, now) : status
}

async function terminate(options: DefinitionsOptions, definition: CustomResourceDefinition): Promise<void> {
  if (!isTerminating(definition)) return
  const { handle, clock } = options
  const { finalizers = [] } = definition.metadata
  const marked = (condition: (typeof TERMINATING)['completed']) => ({
    ...definition,
    status: withCondition(definition.status ?? {}, condition, timeText(clock.now())),
  })
  const without = (object: CustomResourceDefinition) => ({
    ...object,
    metadata: { ...object.metadata, finalizers: finalizers.filter((f) => f !== CLEANUP_FINALIZER) },
  })
  if (!isConditionTrue(definition, 'Established')) return writeStatus(handle, without(marked(TERMINATING.neverEstablished)))
  if (conditionOf(definition, 'Terminating')?.reason === 'InstanceDeletionPending') {
    // Creations that began before it was marked are let end.
    await new Promise<void>((resolve) => void clock.after(underWayMs, resolve))
    return writeStatus(handle, marked(TERMINATING.inProgress))
  }
  const left = await deleteObjects(options, definition)
  if (left !== undefined) {
    if (conditionOf(definition, 'Terminating')?.message !== deletionFailed(left).message)
      await writeStatus(handle, marked(deletionFailed(left)))
    throw new Error(left)
  }
  return writeStatus(handle, without(marked(TERMINATING.completed)))
}

/** Deletes all objects of a definition; says why not all are gone yet, undefined when they are. */
async function deleteObjects(
  { handle, registry }: DefinitionsOptions,
  definition: CustomResourceDefinition,
): Promise<string | undefined> {
  const { group = '', names } = definition.spec
  const plural = names?.plural ?? ''
  const served = [...registry.all()].find((r) => r.isCustom && r.group === group && r.resource === plural)
  if (!served) return undefined
  const list = async () =>
    ((await ask(handle, { method: 'GET', path: pathOf(served) })) as { items: readonly KubeObject[] }).items
  let left = await list()
  // What is marked already waits for its finalizers: to ask again would only call webhooks again.
  const unmarked = new Set(left.filter((o) => !o.metadata.deletionTimestamp).map((o) => o.metadata.namespace))
  for (const namespace of unmarked) await ask(handle, { method: 'DELETE', path: pathOf(served, namespace) })
  if (unmarked.size > 0) left = await list()
  return left.length === 0 ? undefined : `${left.length} objects wait for their finalizers`
}

const writeStatus = (handle: HandleRequest, definition: CustomResourceDefinition): Promise<void> =>
  update(handle, resource, definition, { subresource: 'status' })
