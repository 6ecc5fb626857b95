// Runs an operator for minutes while everything around it fails, then checks that nothing was doubled, lost or left.
import { type Clock, sleep } from '../apimachinery/clock.ts'
import { type KubeObject, keyOf } from '../apimachinery/object.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import { ownerLabel } from '../operators/children.ts'
import type { Operator } from '../operators/operator.ts'
import type { RunningOperators } from '../operators/run-operators.ts'
import type { DefinitionSource } from './definitions.ts'
import type { Faults } from './faults.ts'

interface SoakTarget {
  /** An administrator; may be cut off by restarts, but by no fault. */
  readonly client: Client
  readonly faults: Faults
  readonly clock: Clock
  readonly random: () => number
  /** Runs the operator behind the faults. */
  run(operator: Operator): RunningOperators
  /** Ends the API server, hard, and starts it again; may resolve before it serves. */
  restart(): Promise<void>
}

interface SoakChild {
  readonly kind: string
  readonly object: KubeObject
}

/** A check: an object has these children, such as `StatefulSet/a`, and no others. */
export const exactly =
  (wanted: (object: KubeObject) => readonly string[]): SoakPlan['check'] =>
  (object, children) => {
    const text = (names: readonly string[]) => [...names].sort().join(' ') || 'nothing'
    const has = text(children.map((c) => `${c.kind}/${c.object.metadata.name}`))
    return has === text(wanted(object)) ? [] : [`has ${has} instead of ${text(wanted(object))}`]
  }

/** What is done with an operator of which kind. */
export interface SoakPlan {
  readonly operator: Operator
  /** The definitions that it needs. */
  readonly crds: readonly DefinitionSource[]
  /** The n-th object of the operator's kind. */
  readonly sample: (n: number) => KubeObject
  /** Changes the spec of one that is there, so that the operator has to do something. */
  readonly change: (object: KubeObject, n: number) => object
  /** What is wrong in the end with an object's children; `exactly` makes one of their names. */
  readonly check: (object: KubeObject, children: readonly SoakChild[]) => readonly string[]
}

interface SoakOptions extends SoakPlan {
  readonly objects: number
  readonly durationMs: number
  /** From one end of the API server to the next. */
  readonly restartEveryMs: number
  /** How long it may take to get into order after the last fault. */
  readonly settleMs: number
}

interface SoakReport {
  readonly created: number
  readonly changed: number
  readonly deleted: number
  readonly restarts: number
  readonly reconciles: number
  readonly failures: number
  /** From the last fault until all was in order. */
  readonly settledMs: number
  /** What was wrong in the end. */
  readonly problems: readonly string[]
}

interface Doings {
  created: number
  changed: number
  deleted: number
  restarts: number
  readonly deletedUids: Set<string>
}

/** Soaks an operator. The faults are set by the caller, and cleared before the check. */
export async function soak(target: SoakTarget, options: SoakOptions): Promise<SoakReport> {
  const { clock, faults } = target
  const finalized = new Set<string>()
  const running = target.run(noting(options.operator, finalized))
  const doings: Doings = { created: 0, changed: 0, deleted: 0, restarts: 0, deletedUids: new Set() }
  const end = clock.now() + options.durationMs
  const restarts = restartRegularly(target, options, doings, end)
  await disturb(target, options, doings, end)
  await restarts
  faults.clear()
  const cleared = clock.now()
  let problems = await problemsOf(target, options, doings, finalized)
  while (problems.length > 0 && clock.now() - cleared < options.settleMs) {
    await sleep(clock, 500)
    problems = await problemsOf(target, options, doings, finalized)
  }
  const metrics = [...running.metrics.values()]
  const sum = (of: (m: (typeof metrics)[number]) => number) => metrics.reduce((n, m) => n + of(m), 0)
  const { created, changed, deleted } = doings
  return {
    created,
    changed,
    deleted,
    restarts: doings.restarts,
    reconciles: sum((m) => m.success + m.requeueAfter + m.error),
    failures: sum((m) => m.error),
    settledMs: clock.now() - cleared,
    problems,
  }
}

/** Restarts from moment to moment, however long a start takes; moments that pass meanwhile are left out. */
async function restartRegularly(target: SoakTarget, { restartEveryMs }: SoakOptions, doings: Doings, end: number): Promise<void> {
  const { clock } = target
  for (let next = clock.now() + restartEveryMs; next < end; next += restartEveryMs) {
    if (next < clock.now()) continue
    await sleep(clock, next - clock.now())
    await target.restart()
    doings.restarts++
  }
}

/** The operator, noting whose finalize ended well. */
function noting(operator: Operator, finalized: Set<string>): Operator {
  const { definition } = operator
  const { finalize } = definition
  if (!finalize) return operator
  return {
    ...operator,
    definition: {
      ...definition,
      async finalize(context) {
        await finalize(context)
        finalized.add(context.object.metadata.uid)
      },
    },
  }
}

/** Makes all objects, then makes, changes and deletes some, until `end`. */
async function disturb(target: SoakTarget, options: SoakOptions, doings: Doings, end: number): Promise<void> {
  const { clock, random } = target
  const names = new Map<string, KubeObject>()
  let n = 0
  const make = async () => {
    const object = options.sample(n++)
    await create(target, options, object)
    names.set(keyOf(object), object)
    doings.created++
  }
  while (clock.now() < end) {
    const roll = random()
    const keys = [...names.keys()]
    const key = keys[Math.floor(random() * keys.length)]
    if (names.size < options.objects || key === undefined) await make()
    else if (roll < 0.3) {
      await remove(target, options, names.get(key) as KubeObject, doings)
      names.delete(key)
    } else await change(target, options, names.get(key) as KubeObject, doings)
    await sleep(clock, names.size < options.objects ? 20 : 300)
  }
}

/** Tries until the API answers: it is away half of the time. */
async function insist<R>(
  { clock }: SoakTarget,
  attempt: () => Promise<R>,
  isDone: (error: unknown) => boolean,
): Promise<R | undefined> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (isDone(error)) return undefined
      await sleep(clock, 100)
    }
  }
}

const at = ({ metadata }: KubeObject) => ({ namespace: metadata.namespace })

async function create(target: SoakTarget, { operator }: SoakOptions, object: KubeObject): Promise<void> {
  await insist(target, () => target.client.create(operator.definition.for, object, at(object)), isAlreadyExists)
}

async function change(target: SoakTarget, options: SoakOptions, object: KubeObject, doings: Doings): Promise<void> {
  const resource = options.operator.definition.for
  const attempt = async () => {
    const live = await target.client.get(resource, object.metadata.name ?? '', at(object))
    return target.client.update(resource, { ...live, ...options.change(live, doings.changed) }, at(object))
  }
  await insist(target, attempt, (error) => isNotFound(error) || isConflict(error))
  doings.changed++
}

async function remove(target: SoakTarget, { operator }: SoakOptions, object: KubeObject, doings: Doings): Promise<void> {
  const resource = operator.definition.for
  const { name = '' } = object.metadata
  const live = await insist(target, () => target.client.get(resource, name, at(object)), isNotFound)
  // Only of those that the operator has seen must finalize be called.
  const isSeen = live?.metadata.finalizers?.includes(operator.finalizer)
  await insist(target, () => target.client.delete(resource, name, at(object)), isNotFound)
  doings.deleted++
  if (live?.metadata.uid && isSeen) doings.deletedUids.add(live.metadata.uid)
}

/** What is not as it must be. */
async function problemsOf(
  target: SoakTarget,
  options: SoakOptions,
  doings: Doings,
  finalized: ReadonlySet<string>,
): Promise<string[]> {
  const { operator } = options
  const { definition, finalizer } = operator
  try {
    const { items: objects } = await target.client.list(definition.for)
    const lists = await Promise.all(
      operator.owns.map(({ resource }) => target.client.list(resource, { labelSelector: ownerLabel(operator) })),
    )
    const children = lists.flatMap((list, i) =>
      list.items.map((object) => ({ object, kind: operator.owns[i]?.resource.kind ?? '' })),
    )
    const live = new Set(objects.map((o) => o.metadata.uid))
    const orphans = children.filter(({ object }) => !object.metadata.ownerReferences?.some((o) => live.has(o.uid)))
    return [
      ...objects.flatMap((object) => {
        const own = children.filter((c) => c.object.metadata.labels?.[ownerLabel(operator)] === object.metadata.uid)
        return [
          ...(object.metadata.deletionTimestamp ? [`${keyOf(object)} is still being deleted`] : []),
          ...options.check(object, own).map((problem) => `${keyOf(object)} ${problem}`),
          ...finalizerProblems(object, definition.finalize ? finalizer : undefined),
          ...statusProblems(object),
        ]
      }),
      ...orphans.map(({ kind, object }) => `${kind} ${keyOf(object)} is left of an object that is gone`),
      ...[...doings.deletedUids]
        .filter((uid) => definition.finalize && !finalized.has(uid))
        .map((uid) => `${uid} went without finalize`),
    ]
  } catch (error) {
    return [`the API can't be asked: ${error}`]
  }
}

function finalizerProblems({ metadata }: KubeObject, finalizer: string | undefined): string[] {
  const count = metadata.finalizers?.filter((f) => f === finalizer).length ?? 0
  return finalizer === undefined || count === 1 ? [] : [`${metadata.name} has ${count} finalizers`]
}

function statusProblems(object: KubeObject): string[] {
  const observed = (object as { status?: { observedGeneration?: number } }).status?.observedGeneration
  return observed === object.metadata.generation
    ? []
    : [`${keyOf(object)}: status is of generation ${observed}, not ${object.metadata.generation}`]
}
