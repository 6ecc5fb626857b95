import { randomUUID } from 'node:crypto'
import { timeText } from '../../apimachinery/clock.ts'
import type { KubeObject, ObjectMeta, OwnerReference } from '../../apimachinery/object.ts'
import { randomSuffix } from '../../apimachinery/random-name.ts'
import type { Call } from '../pipeline/call.ts'
import type { ServedResource } from '../registry/served.ts'

const suffixLength = 5
const maxGenerated = 63

/** A name from generateName: the base, shortened if need be, and five letters that spell no words. */
export function generatedName(base: string): string {
  return base.slice(0, maxGenerated - suffixLength) + randomSuffix(suffixLength)
}

/** What a client can't choose for a new object. */
export function wipeSystemFields(meta: ObjectMeta): void {
  delete meta.creationTimestamp
  delete meta.uid
  delete meta.deletionTimestamp
  delete meta.deletionGracePeriodSeconds
  delete meta.selfLink
}

export function fillSystemFields(meta: ObjectMeta, nowMs: number): void {
  meta.creationTimestamp = timeText(nowMs)
  meta.uid = randomUUID()
}

/** Which top-level fields raise metadata.generation; empty when none does. */
export function generationFields({ strategy, isCustom }: ServedResource): readonly string[] {
  return strategy.specFields ?? (isCustom ? ['spec'] : [])
}

/** Whether a new object has generation 1. */
export function startsGeneration(resource: ServedResource): boolean {
  return resource.strategy.hasGeneration ?? generationFields(resource).length > 0
}

/** An update keeps what the server owns of metadata, whatever the client sent. */
export function keepSystemFields(meta: ObjectMeta, old: ObjectMeta): void {
  if (!meta.uid && old.uid) meta.uid = old.uid
  if (old.creationTimestamp) meta.creationTimestamp = old.creationTimestamp
  if (!meta.deletionTimestamp && old.deletionTimestamp) meta.deletionTimestamp = old.deletionTimestamp
  if (meta.deletionGracePeriodSeconds === undefined && old.deletionGracePeriodSeconds !== undefined) {
    meta.deletionGracePeriodSeconds = old.deletionGracePeriodSeconds
  }
}

/**
 * Owners that are there twice count once, which the client is told: before admission what it sent (new objects and whole updates), after it what
 * came of that.
 */
export function settleOwners({ warnings }: Pick<Call, 'warnings'>, { metadata }: KubeObject, isAfterAdmission: boolean): void {
  const { ownerReferences: owners = [] } = metadata
  if (owners.length < 2) return
  const seen = new Set<string>()
  const isNew = (o: OwnerReference): boolean => {
    const text = JSON.stringify([o.apiVersion, o.kind, o.name, o.uid, o.controller ?? null, o.blockOwnerDeletion ?? null])
    return !seen.has(text) && seen.add(text) !== undefined
  }
  const [unique, twice] = [[] as OwnerReference[], [] as OwnerReference[]]
  for (const owner of owners) (isNew(owner) ? unique : twice).push(owner)
  if (twice.length === 0) return
  metadata.ownerReferences = unique
  const when = isAfterAdmission ? ' after mutating admission happens' : ''
  warnings.add(`${duplicateOwners}${when}${dedups}${twice.map(({ uid }) => uid).join(', ')}`)
}

const duplicateOwners = '.metadata.ownerReferences contains duplicate entries'
const dedups =
  '; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: '
