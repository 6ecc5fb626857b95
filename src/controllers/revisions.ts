// The history of a template as ControllerRevisions, for kinds that change their pods in place (DaemonSet, StatefulSet).
import type { ControllerRevision, LabelSelector, PodTemplateSpec } from '../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { controllerrevisions } from '../apimachinery/resources.generated.ts'
import { isAlreadyExists, isNotFound } from '../apimachinery/status.ts'
import type { Context } from '../operators/controller.ts'
import { sameValue } from '../operators/equality.ts'
import { claim, controlledBy } from '../operators/owners.ts'
import { templateHash } from './template-hash.ts'

export const revisionLabel = 'controller-revision-hash'

interface Templated extends KubeObject {
  spec?: { template: PodTemplateSpec; selector: LabelSelector; revisionHistoryLimit?: number }
  status?: { collisionCount?: number }
}

/** What a revision keeps: a patch that brings the template back. */
const dataOf = (template: PodTemplateSpec) => ({ spec: { template: { ...template, $patch: 'replace' } } })

export interface Revisions {
  /** The one of the present template. */
  readonly current: ControllerRevision
  /** All, oldest first. */
  readonly all: readonly ControllerRevision[]
}

const byRevision = (a: ControllerRevision, b: ControllerRevision): number =>
  a.revision - b.revision || (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '')

/** The revisions of `owner`; the one for its template is made, or moved to the end, as need be. */
export async function revisionsOf<T extends Templated>(context: Context, resource: Resource<T>, owner: T): Promise<Revisions> {
  const selector = owner.spec?.selector ?? {}
  const all = (await claim(context, { resource, owner, selector }, controllerrevisions)).sort(byRevision)
  const data = dataOf(owner.spec?.template as PodTemplateSpec)
  const { namespace } = owner.metadata
  const last = all.at(-1)
  const next = (last?.revision ?? 0) + 1
  const same = all.filter((r) => sameValue(r.data, data)).at(-1)
  if (same && same === last) return { current: same, all }
  if (same) {
    const moved = await context.client.update(controllerrevisions, { ...same, revision: next }, { namespace })
    return { current: moved, all: [...all.filter((r) => r !== same), moved] }
  }
  const made = await create(context, resource, owner, data, next)
  return { current: made, all: [...all, made] }
}

async function create<T extends Templated>(context: Context, resource: Resource<T>, owner: T, data: object, revision: number) {
  const { name = '', namespace } = owner.metadata
  const template = owner.spec?.template as PodTemplateSpec
  for (let collisions = owner.status?.collisionCount; ; collisions = (collisions ?? 0) + 1) {
    const hash = templateHash(template, collisions)
    const object: ControllerRevision = {
      metadata: {
        name: `${name.slice(0, 223)}-${hash}`,
        ...(namespace ? { namespace } : {}),
        labels: { ...template.metadata?.labels, [revisionLabel]: hash },
        ownerReferences: [controlledBy(resource, owner)],
      },
      data,
      revision,
    }
    try {
      return await context.client.create(controllerrevisions, object, { namespace })
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
      const taken = await context.client.get(controllerrevisions, object.metadata.name ?? '', { namespace })
      if (sameValue(taken.data, data)) return taken
    }
  }
}

/** Deletes the oldest revisions beyond the limit that no pod is of. */
export async function truncate(
  context: Context,
  owner: Templated,
  { current, all }: Revisions,
  live: ReadonlySet<string>,
): Promise<void> {
  const idle = all.filter(
    (r) => r.metadata.uid !== current.metadata.uid && !live.has(r.metadata.name ?? '') && !live.has(hashOf(r)),
  )
  const excess = idle.length - (owner.spec?.revisionHistoryLimit ?? 10)
  for (const { metadata } of idle.slice(0, Math.max(0, excess))) {
    try {
      await context.client.delete(controllerrevisions, metadata.name ?? '', { namespace: metadata.namespace })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}

export const hashOf = (revision: ControllerRevision): string => revision.metadata.labels?.[revisionLabel] ?? ''
