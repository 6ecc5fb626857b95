import { labelValue } from '../health/exposition.ts'
import { family } from './flow-metrics.ts'
import type { Level } from './levels.ts'
import type { LastDispatch } from './queue-set.ts'

type Sample = readonly [labels: string, value: number]

const gauges: readonly (readonly [name: string, help: string, value: (level: Level) => number])[] = [
  ['nominal_limit_seats', 'Seats configured for each level.', (l) => l.limits.nominal],
  ['lower_limit_seats', 'Seats that a level keeps when it lends all it may.', (l) => l.limits.lower],
  ['upper_limit_seats', 'Seats that a level has when it borrows all it may.', (l) => l.limits.upper],
  ['current_limit_seats', 'Seats that a level has now.', (l) => l.seats],
  [
    'demand_seats_average',
    'Average over the last adjustment period of the seats that a level could use.',
    (l) => l.demand.average,
  ],
  [
    'demand_seats_high_watermark',
    'Highest over the last adjustment period of the seats that a level could use.',
    (l) => l.demand.highWatermark,
  ],
  [
    'demand_seats_stdev',
    'Standard deviation over the last adjustment period of the seats that a level could use.',
    (l) => l.demand.deviation,
  ],
  ['demand_seats_smoothed', 'Smoothed demand for seats.', (l) => l.demand.smoothed],
  ['target_seats', 'Seats that a level was to get before they were shared out.', (l) => l.target],
  ['current_r', 'Virtual time of the last change.', (l) => l.queueSet.currentR],
]

/** What /metrics tells of the levels themselves: their limits, how seats are lent, and how far virtual time has come. */
export function* levelLines(levels: readonly Level[], fairFraction: number): Generator<string> {
  const label = ({ name }: Level) => `priority_level="${labelValue(name)}"`
  for (const [name, help, value] of gauges) {
    yield* family(
      name,
      'gauge',
      help,
      levels.map((level) => [label(level), value(level)]),
    )
  }
  const fair = 'Fair fraction of its target that each level gets whom no bound stops.'
  yield* family('seat_fair_frac', 'gauge', fair, [['', fairFraction]])
  yield* dispatchLines(levels.flatMap((l) => (l.queueSet.lastDispatch ? [[label(l), l.queueSet.lastDispatch] as const] : [])))
}

function* dispatchLines(all: readonly (readonly [string, LastDispatch])[]): Generator<string> {
  const bounds = (of: (d: LastDispatch) => readonly [number, number]): Sample[] =>
    all.flatMap(([label, d]): Sample[] => [
      [`bound="max",${label}`, of(d)[1]],
      [`bound="min",${label}`, of(d)[0]],
    ])
  const each = (of: (d: LastDispatch) => number): Sample[] => all.map(([label, d]) => [label, of(d)])
  yield* family(
    'dispatch_r',
    'gauge',
    'Virtual time of the last dispatch.',
    each((d) => d.r),
  )
  yield* family(
    'latest_s',
    'gauge',
    'Virtual start of the request dispatched last.',
    each((d) => d.s),
  )
  yield* family(
    'next_s_bounds',
    'gauge',
    'Earliest and latest virtual start of the queues.',
    bounds((d) => d.nextS),
  )
  yield* family(
    'next_discounted_s_bounds',
    'gauge',
    'Earliest and latest virtual start of the queues, less the work in progress.',
    bounds((d) => d.discountedS),
  )
}
