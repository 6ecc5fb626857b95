import type { Lease } from '../../apimachinery/kinds.generated.ts'

/** The members by which the holder acts: it has finished what is not its own among them. */
export const ringAnnotation = 'operators.slipway.dev/ring'

/** FNV-1a with a final mix: spreads well, and is the same everywhere. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Whose a key is: that of the highest hash. When a member comes or goes only its own keys move. */
export function ownerOf(key: string, members: readonly string[]): string | undefined {
  let best: string | undefined
  let highest = -1
  for (const member of members) {
    const h = hash(`${member}\n${key}`)
    if (h > highest) [best, highest] = [member, h]
  }
  return best
}

/** What tells one set of members from another, in short. */
export const ringOf = (members: readonly string[]): string => hash(members.join('\n')).toString(36)

/** A member's Lease, as it was last seen. */
export interface Seen {
  readonly lease: Lease
  /** When it last changed, by our own clock. */
  readonly at: number
}

/** The members whose Leases have not run out, in order. */
export function liveMembers(seen: ReadonlyMap<string, Seen>, now: number): string[] {
  const live = [...seen.values()].filter(({ lease, at }) => at + (lease.spec?.leaseDurationSeconds ?? 0) * 1000 > now)
  return live
    .map(({ lease }) => lease.spec?.holderIdentity ?? '')
    .filter((m) => m !== '')
    .sort()
}

/** Whether all members act by the ring `members`. */
export function isSettled(seen: ReadonlyMap<string, Seen>, members: readonly string[]): boolean {
  const ring = ringOf(members)
  const acting = new Map(
    [...seen.values()].map(({ lease }) => [lease.spec?.holderIdentity, lease.metadata.annotations?.[ringAnnotation]]),
  )
  return members.every((m) => acting.get(m) === ring)
}
