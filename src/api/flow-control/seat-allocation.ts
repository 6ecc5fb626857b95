/** What a level wants of the seats that all share. target ≥ lower, upper ≥ lower ≥ 0. */
interface Claim {
  readonly target: number
  readonly lower: number
  readonly upper: number
}

interface Allocation {
  /** In the order of the claims. */
  readonly seats: readonly number[]
  /** What part of its target each gets whom no bound stops. */
  readonly fairFraction: number
}

const smallestTarget = 0.001
const epsilon = 1e-7

/**
 * Shares `sum` seats out: each claim gets the same fraction of its target, unless that is outside of its bounds, where it gets the bound.
 * undefined when the bounds leave no solution (computeConcurrencyAllocation of k8s.io/apiserver/pkg/util/flowcontrol).
 */
export function allocate(sum: number, claims: readonly Claim[]): Allocation | undefined {
  const targets = claims.map(({ target }) => Math.max(target, smallestTarget))
  const total = (of: (claim: Claim) => number) => claims.reduce((n, claim) => n + of(claim), 0)
  const [lowest, highest] = [total((c) => c.lower), total((c) => c.upper)]
  if (lowest - sum > epsilon || sum - highest > epsilon) return undefined
  if (sum === 0) return { seats: claims.map(() => 0), fairFraction: 0 }
  // Below all of these fractions everyone has the lower bound, above all of them the upper one.
  const bounds = claims.flatMap(({ lower, upper }, i) => [lower / (targets[i] ?? 1), upper / (targets[i] ?? 1)])
  const at = (fraction: number) => claims.map((c, i) => Math.max(c.lower, Math.min(c.upper, fraction * (targets[i] ?? 0))))
  let fraction = Math.min(...bounds)
  let reached = lowest
  for (const next of [...new Set(bounds)].sort((a, b) => a - b)) {
    if (next <= fraction) continue
    // Between two bounds the seats grow evenly.
    const free = targets.reduce((n, target, i) => n + (isFree(claims[i], target, fraction, next) ? target : 0), 0)
    const grown = reached + (next - fraction) * free
    if (grown >= sum - epsilon && free > 0) {
      fraction += (sum - reached) / free
      return { seats: at(fraction), fairFraction: fraction }
    }
    reached = grown
    fraction = next
  }
  return { seats: at(fraction), fairFraction: fraction }
}

const isFree = (claim: Claim | undefined, target: number, from: number, to: number): boolean =>
  claim !== undefined && claim.lower / target <= from && claim.upper / target >= to
