import type { Steps } from '../../apimachinery/steps.ts'
import type { AppliedKind } from './applied-kind.ts'
import type { FieldSet } from './fields/field-set.ts'
import type { Json } from './managers.ts'
import { Shapes } from './shapes.ts'
import type { Atom } from './types/atom.ts'

const known = new WeakMap<AppliedKind, Shapes<FieldSet | undefined>>()

/**
 * The fields that the creator of `next` owns, by `find`. They depend on what the object has, hardly on what is in it: controllers create many
 * of one shape, for which `find` is asked once. The set is shared, and so is its JSON.
 */
export function* createdFields(
  kind: AppliedKind,
  atom: Atom | undefined,
  next: Json,
  place: string,
  find: () => Steps<FieldSet | undefined>,
): Steps<FieldSet | undefined> {
  const shapes = known.get(kind) ?? new Shapes<FieldSet | undefined>()
  known.set(kind, shapes)
  const shape = atom && shapes.of(atom, next, place)
  if (!shape) return yield* find()
  if (shape.kept) return shape.kept.value
  const found = yield* find()
  shapes.keep(shape, found)
  return found
}
