import type { KubeObject } from '../apimachinery/object.ts'
import type { Operator, OperatorDefinition, WatchedKind } from './operator.ts'
import type { Webhook } from './webhooks/webhook.ts'

/** An operator whose functions can be exchanged while it runs: its queue, its informers and its lease stay. */
export interface Replaceable {
  /** What to run. */
  readonly operator: Operator
  /** From now on does what `next` says; false, and nothing is changed, when it follows other kinds, so that it must be started anew. */
  replace(next: Operator): boolean
}

export function replaceable(first: Operator): Replaceable {
  let current = first
  const shape = shapeOf(first)
  const now = (): OperatorDefinition<never> => current.definition as unknown as OperatorDefinition<never>
  const { definition } = first
  const delegating = {
    ...definition,
    reconcile: (context: never) => now().reconcile(context),
    ...(definition.when ? { when: (a: never, b: never) => now().when?.(a, b) ?? true } : {}),
    ...(definition.finalize ? { finalize: (scope: never) => now().finalize?.(scope) } : {}),
    ...reviewing(definition, () => current.definition),
    ...(definition.webhooks
      ? {
          webhooks: definition.webhooks.map((part, i) => ({
            ...part,
            ...reviewing(part, () => current.definition.webhooks?.[i]),
          })),
        }
      : {}),
    ...(definition.convert ? { convert: converting(definition.convert, () => current.definition.convert) } : {}),
  } as unknown as OperatorDefinition<never>
  const watches = first.watches.map((watch, i) => ({
    ...watch,
    ...(watch.to ? { to: ((o: never, f: never) => current.watches[i]?.to?.(o, f) ?? []) as NonNullable<WatchedKind['to']> } : {}),
    ...(watch.when ? { when: (a: never, b: never) => current.watches[i]?.when?.(a, b) ?? true } : {}),
  }))
  return {
    operator: { ...first, watches, definition: delegating as unknown as Operator['definition'] },
    replace(next) {
      if (shapeOf(next) !== shape) return false
      current = next
      return true
    },
  }
}

/** The webhook functions of `first`, as `now` has them. */
function reviewing(first: Reviewing, now: () => Reviewing | undefined) {
  return {
    ...(first.validate ? { validate: (o: never, review: never) => now()?.validate?.(o, review) ?? [] } : {}),
    ...(first.mutate ? { mutate: (draft: never, review: never) => now()?.mutate?.(draft, review) } : {}),
  }
}

interface Reviewing {
  readonly validate?: Webhook['validate']
  readonly mutate?: Webhook['mutate']
}

type Conversions = NonNullable<OperatorDefinition<KubeObject>['convert']>

/** Conversions to and from the versions of `first`, as `now` has them: it has the same versions. */
function converting(first: Conversions, now: () => Conversions | undefined): Conversions {
  const current = (version: string) => now()?.[version] ?? (first[version] as Conversions[string])
  return Object.fromEntries(
    Object.keys(first).map((version) => [
      version,
      { up: (old) => current(version).up(old), down: (object) => current(version).down(object) } satisfies Conversions[string],
    ]),
  )
}

/** What an operator is built of when it starts: of two with the same shape only the functions differ. */
function shapeOf({ name, definition, owns, reads, watches }: Operator): string {
  const { reconcile, when, finalize, validate, mutate, convert, webhooks, indexes, for: kind, ...rest } = definition
  const { definition: _, ...resource } = kind as typeof kind & { readonly definition?: unknown }
  const has = [when, finalize, validate, mutate].map((f) => f !== undefined)
  const registered = (webhooks ?? []).map(({ validate: v, mutate: m, ...part }) => ({
    ...part,
    has: [v !== undefined, m !== undefined],
  }))
  const texts = { indexes, projections: [...owns, ...reads, ...watches].map((scope) => scope.project) }
  const kinds = [
    owns,
    reads,
    watches.map(({ to, when: w, ...scope }) => ({ ...scope, has: [to !== undefined, w !== undefined] })),
  ]
  const { owns: __, reads: ___, watches: ____, ...settings } = rest
  const asked = [registered, Object.keys(convert ?? {}).sort()]
  // Functions that informers were made with are compared by what they say.
  return JSON.stringify([name, resource, settings, has, kinds, asked, texts], (_key, value: unknown) =>
    typeof value === 'function' ? String(value) : value,
  )
}
