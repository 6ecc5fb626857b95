import { forbiddenField, required } from '../../../apimachinery/field-error.ts'
import type { Errors } from '../errors.ts'
import { sharedSources } from './volume-sources.ts'

/** One field of a volume `V` by which it may say where its content is. `C`: what checks are told besides. */
interface VolumeSource<V, C> {
  readonly field: keyof V & string
  /** The field's name in a complaint that there is more than one, where Kubernetes writes it otherwise. */
  readonly as?: string
  /** Kubernetes lets it stand beside another one. */
  readonly mayBeSecond?: boolean
  readonly check: (volume: V, at: string, errors: Errors, context: C) => void
}

type Traits = Pick<VolumeSource<never, never>, 'as' | 'mayBeSecond'>

/** What the sources have that pods' volumes and persistent volumes check alike. */
type WithShared = { readonly [K in keyof typeof sharedSources]?: Parameters<(typeof sharedSources)[K]>[0] }

/** How the table of the sources of `V` is written. */
export function sourcesOf<V extends WithShared, C>() {
  const source = <K extends keyof V & string>(
    field: K,
    check: (source: NonNullable<V[K]>, at: string, errors: Errors, context: C, volume: V) => void,
    traits: Traits = {},
  ): VolumeSource<V, C> => ({
    field,
    ...traits,
    check: (volume, at, errors, context) => check(volume[field] as NonNullable<V[K]>, at, errors, context, volume),
  })
  const shared = <K extends keyof typeof sharedSources>(field: K, traits?: Traits): VolumeSource<V, C> =>
    source(field, sharedSources[field] as never, traits)
  return { source, shared }
}

/** Validates the source of a volume: the first one found of the table is the volume's, the others are too many. */
export function validateSource<V, C>(
  table: readonly VolumeSource<V, C>[],
  volume: V,
  at: string,
  errors: Errors,
  context: C,
): void {
  let found = false
  for (const { field, as = field, mayBeSecond, check } of table) {
    if (!volume[field]) continue
    if (found && !mayBeSecond) errors.push(forbiddenField(`${at}.${as}`, 'may not specify more than 1 volume type'))
    else check(volume, `${at}.${field}`, errors, context)
    found = true
  }
  if (!found) errors.push(required(at, 'must specify a volume type'))
}
