import { isDeepStrictEqual } from 'node:util'
import type { CustomResourceDefinition as Definition } from '../apimachinery/kinds.generated.ts'
import { customresourcedefinitions } from '../apimachinery/resources.generated.ts'
import { isNotFound } from '../apimachinery/status.ts'
import { createInformer } from '../client/informer.ts'
import { isEstablished } from '../operators/install-definition.ts'
import {
  defineOperator,
  type Finder,
  type Operator,
  type Outcome,
  type Reconcile,
  type Scope,
  watching,
} from '../operators/operator.ts'
import { type CompiledComposition, compileComposition } from './compile.ts'
import { type Composition, compositions } from './composition.ts'
import type { InstanceRuns } from './instance-runs.ts'
import type { KindSchemas } from './kind-schemas.ts'
import type { Problem } from './simple-schema.ts'

/** Says which Composition a definition was made by. */
const madeByLabel = 'compositions.slipway.dev/name'

interface CompositionOptions {
  readonly kinds: KindSchemas
  readonly runs: InstanceRuns
}

/** Makes the definition of each Composition, and runs what it says. */
export function compositionOperator(options: CompositionOptions): Operator {
  return defineOperator<Composition>({
    name: 'compositions',
    for: compositions,
    watches: [
      watching('CustomResourceDefinition', {
        // A kind that came may be one that a Composition waits for.
        to: (definition, { list }: Finder<Composition>) => list().filter((c) => isMadeBy(definition, c) || !isReady(c)),
      }),
    ],
    reconcile: (context) => reconcile(context, options),
    finalize: (scope) => finalize(scope, options),
    async validate(composition, { old }) {
      // What became wrong by a change of another kind must still get its finalizer and let go of it.
      if (old && isDeepStrictEqual(old.spec, composition.spec)) return []
      const found = await compileComposition(composition, options.kinds)
      return 'problems' in found ? found.problems.filter((p) => !p.isPending) : []
    },
  })
}

const isMadeBy = (definition: Definition, { metadata }: Composition): boolean =>
  definition.metadata?.labels?.[madeByLabel] === metadata.name
const isReady = ({ status }: Composition): boolean =>
  (status?.conditions ?? []).some((c) => c.type === 'Ready' && c.status === 'True')

async function reconcile(context: Reconcile<Composition>, { kinds, runs }: CompositionOptions): Promise<Outcome<Composition>> {
  const { object, read } = context
  const found = await compileComposition(object, kinds)
  // What ran before goes on while the new text is wrong.
  if ('problems' in found)
    return notReady(found.problems.some((p) => !p.isPending) ? 'Invalid' : 'Pending', textOf(found.problems))
  const { compiled } = found
  const name = compiled.kind.definition.metadata.name ?? ''
  const before = read(customresourcedefinitions, name)
  if (before && !isMadeBy(before, object)) {
    const owner = before.metadata.labels?.[madeByLabel]
    return notReady(
      'KindTaken',
      `${name} is there already${owner ? `, made by the Composition ${owner}` : ''}: choose another group or kind`,
    )
  }
  const definition = await applyDefinition(context, compiled)
  if (!isEstablished(definition)) return notReady('Pending', `${name} is not served yet`)
  runs.run(compiled, `${object.metadata.uid} ${object.metadata.generation}`)
  return { status: { definition: name, order: compiled.resources.map((r) => r.id), Ready: true } }
}

const notReady = (reason: string, message: string): Outcome<Composition> => ({
  status: { Ready: { status: 'False', reason, message } },
})

const shownProblems = 10

function textOf(problems: readonly Problem[]): string {
  const shown = problems.slice(0, shownProblems).map((p) => `${p.field}: ${p.message}`)
  return problems.length > shownProblems ? `${shown.join('\n')}\nand ${problems.length - shownProblems} more` : shown.join('\n')
}

function applyDefinition({ client, object }: Reconcile<Composition>, { kind }: CompiledComposition): Promise<Definition> {
  const { definition } = kind
  const metadata = { name: definition.metadata.name ?? '', labels: { [madeByLabel]: object.metadata.name } }
  const wanted = { ...definition, metadata } as unknown as Definition
  return client.apply(customresourcedefinitions, wanted, { fieldManager: 'slipway-compositions', force: true })
}

/** A Composition goes when the last object of its kind is gone: none of them is left without what looks after it. */
async function finalize(scope: Scope<Composition>, { runs }: CompositionOptions): Promise<void> {
  const { object, client, event, signal } = scope
  const name = object.status?.definition
  if (name === undefined) return runs.stop(object.metadata.name)
  const definition = await client.get(customresourcedefinitions, name).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
    return undefined
  })
  if (definition && isMadeBy(definition, object)) {
    await gone(scope, definition, (left) =>
      event(
        'Warning',
        'ObjectsLeft',
        `${left} ${definition.spec.names.plural} are still there: the Composition goes when they are deleted`,
      ),
    )
    await client.delete(customresourcedefinitions, name, { signal })
  }
  await runs.stop(object.metadata.name)
}

/** Resolves when no object of the kind is left; tells of the number when there are some. */
async function gone(
  { client, object, signal }: Scope<Composition>,
  definition: Definition,
  told: (left: number) => void,
): Promise<void> {
  const { group, version, kind, scope } = object.spec.schema
  const resource = { group, version, kind, resource: definition.spec.names.plural, namespaced: scope === 'Namespaced' }
  const stop = new AbortController()
  const informer = createInformer(client, resource, { metadataOnly: true })
  const empty = informer.synced().then(() => {
    if (informer.list().length === 0) return
    told(informer.list().length)
    return new Promise<void>((resolve) => {
      informer.onChange(() => informer.list().length === 0 && resolve())
    })
  })
  const aborted = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
  informer.start(AbortSignal.any([signal, stop.signal]))
  try {
    await Promise.race([empty, aborted])
  } finally {
    stop.abort()
  }
}
