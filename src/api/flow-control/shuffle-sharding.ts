import { createHash } from 'node:crypto'

/** A number of 64 bits that a flow always has: the first bytes of a digest of its schema's name and of what tells it apart. */
export function hashOfFlow(schema: string, distinguisher: string): bigint {
  return createHash('sha256').update(`${schema}\0${distinguisher}`).digest().readBigUInt64LE(0)
}

/**
 * The queues that a flow may use: `handSize` different numbers below `deckSize`, dealt by the flow's hash, so that two flows seldom have
 * all of them in common (k8s.io/apiserver/pkg/util/shufflesharding).
 */
export function deal(hash: bigint, deckSize: number, handSize: number): number[] {
  let rest = hash
  const hand: number[] = []
  const picks: number[] = []
  for (let i = 0; i < handSize; i++) {
    const left = BigInt(deckSize - i)
    picks.push(Number(rest % left))
    rest /= left
  }
  for (const [i, pick] of picks.entries()) {
    // The pick counts only the cards that are left: it is moved past those dealt before.
    let card = pick
    for (let j = i; j > 0; j--) if (card >= (picks[j - 1] ?? 0)) card++
    hand.push(card)
  }
  return hand
}
