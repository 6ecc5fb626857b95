// Who owns whom, over all kinds. Pure: the garbage collector keeps it current and asks it.
import type { KubeObject, OwnerReference } from '../apimachinery/object.ts'
import { keyOf } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'

export interface GraphNode {
  readonly resource: Resource
  readonly uid: string
  readonly key: string
  readonly namespace: string | undefined
  readonly name: string
  readonly owners: readonly OwnerReference[]
  readonly isDeleting: boolean
  /** It waits for its dependents to go first (foreground deletion). */
  readonly isForeground: boolean
  /** Its dependents are to be left alone (orphan deletion). */
  readonly isOrphaning: boolean
}

export const foregroundFinalizer = 'foregroundDeletion'
export const orphanFinalizer = 'orphan'

export function graphNodeOf(resource: Resource, object: KubeObject): GraphNode {
  const { uid = '', name = '', namespace, ownerReferences = [], deletionTimestamp, finalizers = [] } = object.metadata
  const isDeleting = deletionTimestamp !== undefined
  return {
    resource,
    uid,
    key: keyOf(object),
    namespace,
    name,
    owners: ownerReferences,
    isDeleting,
    isForeground: isDeleting && finalizers.includes(foregroundFinalizer),
    isOrphaning: isDeleting && finalizers.includes(orphanFinalizer),
  }
}

export interface OwnershipGraph {
  get(uid: string): GraphNode | undefined
  dependents(uid: string): readonly GraphNode[]
  /** Takes in a new state of an object; returns the uids that may now have to go, be freed, or let go. */
  set(node: GraphNode): string[]
  /** The object is gone; returns the uids that are concerned: its dependents, and owners that wait for it. */
  remove(uid: string): string[]
}

export function createOwnershipGraph(): OwnershipGraph {
  const nodes = new Map<string, GraphNode>()
  const dependents = new Map<string, Set<string>>()

  const link = (node: GraphNode) => {
    for (const { uid } of node.owners) {
      const found = dependents.get(uid)
      if (found) found.add(node.uid)
      else dependents.set(uid, new Set([node.uid]))
    }
  }
  const unlink = (node: GraphNode) => {
    for (const { uid } of node.owners) {
      const found = dependents.get(uid)
      found?.delete(node.uid)
      if (found?.size === 0) dependents.delete(uid)
    }
  }
  /** An owner in foreground deletion looks again when a dependent goes or lets go of it. */
  const waitingOwners = (owners: readonly OwnerReference[]) =>
    owners.map((o) => o.uid).filter((uid) => nodes.get(uid)?.isForeground)

  return {
    get: (uid) => nodes.get(uid),
    dependents: (uid) => [...(dependents.get(uid) ?? [])].flatMap((d) => nodes.get(d) ?? []),
    set(node) {
      const before = nodes.get(node.uid)
      if (before) unlink(before)
      nodes.set(node.uid, node)
      link(node)
      const concerned = before ? waitingOwners(before.owners) : []
      if (node.isForeground && !before?.isForeground) concerned.push(node.uid, ...(dependents.get(node.uid) ?? []))
      if (node.isOrphaning && !before?.isOrphaning) concerned.push(node.uid)
      const isOwnedAnew = JSON.stringify(before?.owners ?? []) !== JSON.stringify(node.owners)
      if (isOwnedAnew && node.owners.some((o) => !nodes.has(o.uid) || nodes.get(o.uid)?.isForeground)) concerned.push(node.uid)
      return concerned
    },
    remove(uid) {
      const node = nodes.get(uid)
      if (!node) return []
      unlink(node)
      nodes.delete(uid)
      return [...(dependents.get(uid) ?? []), ...waitingOwners(node.owners)]
    },
  }
}

/** Where an owner stands. */
export type OwnerState = 'solid' | 'absent' | 'waiting'

/** What to do about an object whose owners stand as `states` says. */
type Verdict =
  | { readonly do: 'nothing' }
  /** Some owner is there: only the references to those that are not go. */
  | { readonly do: 'drop-references'; readonly uids: readonly string[] }
  | { readonly do: 'delete'; readonly policy: 'Foreground' | 'Background' | 'Orphan' | undefined; readonly unblocks: boolean }

export function judge(node: GraphNode, states: ReadonlyMap<string, OwnerState>, dependents: readonly GraphNode[]): Verdict {
  if (node.owners.length === 0) return { do: 'nothing' }
  const uids = (state: OwnerState) => node.owners.filter((o) => states.get(o.uid) === state).map((o) => o.uid)
  const gone = [...uids('absent'), ...uids('waiting')]
  if (uids('solid').length > 0) return gone.length === 0 ? { do: 'nothing' } : { do: 'drop-references', uids: gone }
  if (gone.length === 0) return { do: 'nothing' }
  if (uids('waiting').length > 0 && dependents.length > 0) {
    // Two that wait for one another would wait for ever: the dependents stop blocking this one.
    return { do: 'delete', policy: 'Foreground', unblocks: dependents.some((d) => d.isForeground) }
  }
  return { do: 'delete', policy: undefined, unblocks: false }
}
