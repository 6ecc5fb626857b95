import type { KubeObject, ObjectMeta } from '../../apimachinery/object.ts'
import type { KindContext } from './kind.ts'

interface WithStatus extends KubeObject {
  spec?: unknown
  status?: unknown
}

/** A new object has no status, whatever the client says. */
export function dropStatus<T extends KubeObject & { status?: unknown }>(object: T): void {
  object.status = {} as NonNullable<T['status']>
}

/** The object's endpoint keeps the old status, the status endpoint the old spec. */
export function keepOther<T extends WithStatus>(object: T, old: T, { subresource }: KindContext): void {
  if (subresource === 'status') copyField(object, old, 'spec')
  else copyField(object, old, 'status')
}

/** As `keepOther`, and the status endpoint changes nothing of metadata but managedFields. */
export function keepOtherAndMeta<T extends WithStatus>(object: T, old: T, context: KindContext): void {
  keepOther(object, old, context)
  if (context.subresource === 'status') keepMeta(object.metadata, old.metadata)
}

/** As `keepOther`, and the status endpoint has the old metadata, whatever else was sent. */
export function keepOtherAndAllMeta<T extends WithStatus>(object: T, old: T, context: KindContext): void {
  keepOther(object, old, context)
  if (context.subresource === 'status') keepAllMeta(object, old)
}

/** The old metadata, but for who owns what. */
export function keepAllMeta(object: KubeObject, old: KubeObject): void {
  const { managedFields } = object.metadata
  object.metadata = { ...old.metadata }
  if (managedFields) object.metadata.managedFields = managedFields
  else delete object.metadata.managedFields
}

/** Sets `object[field]` to what it was; absent stays absent. */
export function copyField<T extends object>(object: T, old: T, field: keyof T): void {
  if (old[field] === undefined) delete object[field]
  else object[field] = old[field]
}

const statusMeta: readonly (keyof ObjectMeta)[] = [
  'deletionTimestamp',
  'generation',
  'selfLink',
  'labels',
  'annotations',
  'finalizers',
  'ownerReferences',
]

/** metav1.ResetObjectMetaForStatus. */
export function keepMeta(meta: ObjectMeta, old: ObjectMeta): void {
  for (const field of statusMeta) copyField(meta, old, field)
}
