import { randomUUID } from 'node:crypto'
import { timeText } from '../../apimachinery/clock.ts'
import type { KubeObject, ObjectMeta } from '../../apimachinery/object.ts'
import { randomSuffix } from '../../apimachinery/random-name.ts'
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

/** Drops owner references that are there twice. Returns whether there were any. */
export function dropDuplicateOwners(object: KubeObject): boolean {
  const owners = object.metadata.ownerReferences
  if (!owners || owners.length < 2) return false
  const seen = new Set<string>()
  const unique = owners.filter((o) => {
    const text = JSON.stringify([o.apiVersion, o.kind, o.name, o.uid, o.controller ?? null, o.blockOwnerDeletion ?? null])
    return !seen.has(text) && seen.add(text)
  })
  if (unique.length === owners.length) return false
  object.metadata.ownerReferences = unique
  return true
}
