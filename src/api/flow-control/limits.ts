import type { PriorityLevelConfiguration } from '../../apimachinery/kinds.generated.ts'

/** How a level queues. */
export interface Queuing {
  readonly queues: number
  readonly handSize: number
  readonly queueLengthLimit: number
}

/** What a PriorityLevelConfiguration means on a server with so many seats. */
export interface LevelLimits {
  readonly isExempt: boolean
  /** undefined: who finds no seat is refused. */
  readonly queuing: Queuing | undefined
  /** Its share of the server's seats, rounded up. */
  readonly nominal: number
  /** What it keeps when it lends all it may. */
  readonly lower: number
  /** What it has when it borrows all it may. */
  readonly upper: number
  /** Most seats of one request; 0: only the estimator's own bound. */
  readonly seatsOfRequest: number
}

/** The limits of each level, by name, on a server with `total` seats. */
export function limitsOf(levels: readonly PriorityLevelConfiguration[], total: number): Map<string, LevelLimits> {
  const sum = levels.reduce((n, level) => n + sharesOf(level).shares, 0)
  return new Map(levels.map((level) => [level.metadata.name ?? '', limits(level, sum === 0 ? 0 : total / sum, total)]))
}

interface Shares {
  readonly shares: number
  readonly lendable: number
  readonly borrowing: number | undefined
}

function sharesOf({ spec }: PriorityLevelConfiguration): Shares {
  const { nominalConcurrencyShares: shares = 0, lendablePercent: lendable = 0 } =
    (spec?.type === 'Exempt' ? spec.exempt : spec?.limited) ?? {}
  return { shares, lendable, borrowing: spec?.limited?.borrowingLimitPercent }
}

function limits(level: PriorityLevelConfiguration, perShare: number, total: number): LevelLimits {
  const { shares, lendable, borrowing } = sharesOf(level)
  const nominal = Math.ceil(perShare * shares)
  const percent = (n: number) => Math.round((nominal * n) / 100)
  const { type, queuing } = level.spec?.limited?.limitResponse ?? {}
  const { queues = 64, handSize = 8, queueLengthLimit = 50 } = queuing ?? {}
  return {
    isExempt: level.spec?.type === 'Exempt',
    queuing: type === 'Queue' ? { queues, handSize, queueLengthLimit } : undefined,
    nominal,
    lower: nominal - percent(lendable),
    upper: nominal + (borrowing === undefined ? total : percent(borrowing)),
    // A request is to have no more than 15 % of its level, nor so much that the queues of one flow hold all of it.
    seatsOfRequest: type === 'Queue' ? Math.max(1, Math.min(Math.ceil(nominal * 0.15), Math.floor(nominal / handSize))) : 0,
  }
}
