import { jsonText } from '../apimachinery/json.ts'
import type { KubeObject } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { secrets } from '../apimachinery/resources.generated.ts'
import type { InformerScope } from '../client/informer-scope.ts'
import type { InformerSet } from '../client/informer-set.ts'
import { type KindName, resourceOf } from './built-in-kinds.ts'
import { type Applied, type ApplyContext, applyAll, type Declarations, declare, ownerLabel, prune } from './children.ts'
import { type Context, type Controller, defineController, type Watch } from './controller.ts'
import { milliseconds } from './duration.ts'
import type { EventType } from './events.ts'
import { addFinalizer, hasFinalizer, isDeleting, removeFinalizer } from './finalizers.ts'
import { OnceSecrets, type OnceValues, onceScope } from './once.ts'
import type { CacheScope, Child, Operator, Outcome, Reconcile, Scope, ScopedKind, Stored } from './operator.ts'
import { isBlocked, type Status, waitingForKind, writeOutcome } from './outcome.ts'

/** What is remembered of an object between runs; everything in it can be lost. */
interface Memory {
  readonly uid: string
  readonly applied: Applied
}

interface OperatorControllerOptions {
  /** Which of the operator's objects it works on. */
  readonly select: Pick<InformerScope, 'namespace' | 'labelSelector'>
  /** Whether informers hold only what the operator needs: its own children, one namespace. Not where they are shared in process. */
  readonly isLean: boolean
  /** Where Secrets of objects without namespace are kept. */
  readonly namespace: string
}

const defaultDeadline = '5m'
const defaultResync = '10h'

/** The controller that an operator is: reads, calls its functions, and does what they said. */
export function controllerFor(operator: Operator, options: OperatorControllerOptions): Controller {
  const { definition } = operator
  const kept = new Kept(operator, options)
  return defineController<KubeObject>({
    name: operator.name,
    for: definition.for,
    owns: operator.owns.map((o) => o.resource),
    watches: operator.watches.map((w) => watchFor(operator, w)),
    reads: operator.reads.map((r) => r.resource),
    workers: definition.workers ?? 8,
    deadlineMs: milliseconds(definition.deadline ?? defaultDeadline),
    resyncMs: milliseconds(definition.resync ?? defaultResync),
    when: definition.when ?? isMeant,
    detectsLoops: true,
    scopeOf: (resource) => scopeFor(operator, options, resource),
    ...(definition.indexes ? { indexes: definition.indexes } : {}),
    async reconcile(object, context) {
      if (isDeleting(object)) return finish(operator, object, context)
      const stored = (
        definition.finalize ? await addFinalizer(context.client, definition.for, object, operator.finalizer) : object
      ) as Stored<KubeObject>
      const { applied } = kept.memoryOf(context.key, stored.metadata.uid)
      return run(operator, stored, context, { applied, once: kept.onceFor(context) })
    },
    async blocked(object, kind, { client, clock }) {
      const Ready = { status: 'False', reason: waitingForKind, message: `${kind} is not served` }
      await writeOutcome(client, definition.for, object, { Ready }, clock.now)
    },
    async removed(key, context) {
      kept.forget(key, context)
    },
  })
}

/** What is kept between the runs of an operator: of each object, and the values that are made once. */
class Kept {
  readonly #operator: Operator
  readonly #options: OperatorControllerOptions
  readonly #memories = new Map<string, Memory>()
  readonly #onceValues = new WeakMap<Context['client'], OnceValues>()

  constructor(operator: Operator, options: OperatorControllerOptions) {
    this.#operator = operator
    this.#options = options
  }

  memoryOf(key: string, uid: string): Memory {
    const known = this.#memories.get(key)
    if (known?.uid === uid) return known
    const made = { uid, applied: new Map() }
    this.#memories.set(key, made)
    return made
  }

  onceFor({ client, informers }: Context): OnceValues {
    const known = this.#onceValues.get(client)
    if (known) return known
    const { definition, fieldManager, name } = this.#operator
    const { namespace } = this.#options
    const common = { client, ownerResource: definition.for, fieldManager, namespace, operator: name }
    const cached = onceCache(this.#operator, this.#options, informers)
    const made = new OnceSecrets({ ...common, ...(cached ? { cached } : {}) })
    this.#onceValues.set(client, made)
    return made
  }

  forget(key: string, context: Context): void {
    const memory = this.#memories.get(key)
    if (memory) this.onceFor(context).forget(memory.uid)
    this.#memories.delete(key)
  }
}

async function run(
  operator: Operator,
  object: Stored<KubeObject>,
  context: Context,
  kept: { applied: Applied; once: OnceValues },
) {
  const { definition } = operator
  const { client, informers, signal, clock } = context
  const declarations: Declarations = new Map()
  const outcome = await definition.reconcile(reconcileContext(operator, object, context, declarations, kept.once))
  // What was decided without time, or without the lease, is not done.
  signal.throwIfAborted()
  const applying: ApplyContext = { operator, owner: object, client, informers, applied: kept.applied }
  await applyAll(applying, declarations)
  await prune(applying, declarations, outcome?.keep)
  // What was said while a kind was missing is not true any more.
  const status = (outcome?.status as Status | undefined) ?? (isBlocked(object) ? {} : undefined)
  if (status) await writeOutcome(client, definition.for, object, status, clock.now)
  return resultOf(outcome)
}

const resultOf = (outcome: Outcome<KubeObject> | undefined) =>
  outcome?.requeueAfter === undefined ? undefined : { requeueAfterMs: milliseconds(outcome.requeueAfter) }

/** Who may list Secrets need not ask for each: at a restart there are as many as objects. */
function onceCache(operator: Operator, { select, isLean }: OperatorControllerOptions, informers: InformerSet) {
  if (!operator.owns.some(({ resource }) => resource.kind === secrets.kind && resource.group === secrets.group)) return undefined
  const within = select.namespace === undefined ? {} : { namespace: select.namespace }
  const scope = isLean ? { ...onceScope(operator.name), ...within } : {}
  return () => informers.of(secrets, scope)
}

/** What the operator needs to know of a resource. */
function scopeFor(
  operator: Operator,
  { select, isLean }: Pick<OperatorControllerOptions, 'select' | 'isLean'>,
  resource: Resource,
): InformerScope {
  const isSame = (k: ScopedKind) => k.resource.kind === resource.kind && k.resource.group === resource.group
  const within = isLean && resource.namespaced && select.namespace !== undefined ? { namespace: select.namespace } : {}
  const read = [...operator.reads, ...operator.watches].find(isSame)
  const kept = isLean ? { project: withoutManagers } : {}
  if (isSame({ resource: operator.definition.for as Resource })) {
    const { namespace, labelSelector } = select
    const chosen = resource.namespaced && namespace !== undefined ? { namespace } : {}
    return { ...kept, ...chosen, ...(labelSelector ? { labelSelector } : {}) }
  }
  if (read) return { ...kept, ...within, ...cached(read) }
  const owned = operator.owns.find(isSame)
  return isLean ? { labelSelector: ownerLabel(operator), ...kept, ...within, ...cached(owned) } : {}
}

/** Who set which field is half of a small object, and informers leave it out of what is projected. */
const withoutManagers = <T>(object: T): T => object

function cached(scope: CacheScope | undefined): InformerScope {
  const { labelSelector, fieldSelector, namespace, metadata, project } = scope ?? {}
  return {
    ...(labelSelector ? { labelSelector } : {}),
    ...(fieldSelector ? { fieldSelector } : {}),
    ...(namespace !== undefined ? { namespace } : {}),
    ...(metadata ? { metadataOnly: true } : {}),
    ...(project ? { project: project as unknown as NonNullable<InformerScope['project']> } : {}),
  }
}

/** Changes of spec, labels, annotations or deletion matter; our own writes of status don't. */
function isMeant(now: KubeObject | undefined, before: KubeObject | undefined): boolean {
  if (!now || !before) return true
  const seen = ({ metadata: m }: KubeObject) =>
    jsonText([m.uid, m.generation, m.labels, m.annotations, m.deletionTimestamp, m.finalizers])
  return now.metadata.generation === undefined || seen(now) !== seen(before)
}

function commonTo<T extends KubeObject>(object: Stored<T>, context: Context): Scope<T> {
  const { client, clock, random, signal, log } = context
  const event = (type: EventType, reason: string, message: string) => context.event(object, type, reason, message)
  return { object, client, clock, random, signal, log, event }
}

async function finish(operator: Operator, object: KubeObject, context: Context) {
  const { definition, finalizer } = operator
  if (!hasFinalizer(object, finalizer)) return undefined
  try {
    await definition.finalize?.(commonTo(object as Stored<KubeObject>, context))
  } catch (error) {
    const { name, namespace } = object.metadata
    const where = namespace ? ` -n ${namespace}` : ''
    const what = `${definition.for.resource}${definition.for.group ? `.${definition.for.group}` : ''} ${name}`
    const freeing = `kubectl patch ${what}${where} --type=merge -p '{"metadata":{"finalizers":null}}'`
    context.event(object, 'Warning', 'FinalizeFailed', `${(error as Error).message}. To give it up: ${freeing}`)
    throw error
  }
  context.signal.throwIfAborted()
  await removeFinalizer(context.client, definition.for, object, finalizer)
  return undefined
}

function reconcileContext<T extends KubeObject>(
  operator: Operator,
  object: Stored<T>,
  context: Context,
  declarations: Declarations,
  once: OnceValues,
): Reconcile<T> {
  const { informers } = context
  const known = (kind: KindName): Resource => {
    const resource = resourceOf(kind)
    const kinds = [{ resource: operator.definition.for as Resource }, ...operator.owns, ...operator.reads, ...operator.watches]
    if (kinds.some((k) => k.resource.kind === resource.kind && k.resource.group === resource.group)) return resource
    throw new Error(`operator ${operator.name} reads ${resource.kind}, which is in none of owns, reads and watches`)
  }
  const methods = {
    child: (kind: KindName, declared: object) => declare(operator, object, resourceOf(kind), declared, declarations),
    observed: ({ resource, metadata: { namespace, name } }: Child) =>
      informers.of(resource).get(resource.namespaced && namespace ? `${namespace}/${name}` : name),
    read: (kind: KindName, name: string, namespace = object.metadata.namespace) => {
      const resource = known(kind)
      return informers.of(resource).get(resource.namespaced && namespace ? `${namespace}/${name}` : name)
    },
    list: (kind: KindName, namespace?: string) => {
      const informer = informers.of(known(kind))
      return namespace === undefined ? informer.list() : informer.byIndex('namespace', namespace)
    },
    once: <V>(key: string, make: () => V | Promise<V>) => once.value(object, key, make),
  }
  // The overloads say for each kind what the objects are; what the informers hold is what they say.
  return { ...commonTo(object, context), ...(methods as unknown as Reconcile<T>) }
}

function watchFor(operator: Operator, { resource, to, when }: Operator['watches'][number]): Watch {
  const keyFrom = (found: KubeObject | string): string =>
    typeof found === 'string'
      ? found
      : found.metadata.namespace
        ? `${found.metadata.namespace}/${found.metadata.name}`
        : (found.metadata.name ?? '')
  return {
    resource,
    ...(when ? { when: when as NonNullable<Watch['when']> } : {}),
    keys(object, informers) {
      const own = informers.of(operator.definition.for as Resource)
      const found = { by: (name: string, value: string) => own.byIndex(name, value), list: () => own.list() }
      return [...(to?.(object as never, found) ?? [])].map(keyFrom)
    },
  }
}
