import operator, { Batch } from '../../../examples/operators/batch/operator.ts'
import type { SoakPlan } from '../../../src/testkit/soak.ts'

export const plan: SoakPlan = {
  operator,
  crds: [Batch],
  sample: (n) =>
    Batch.make({ name: `batch-${n}`, namespace: 'default' }, { schedule: '@every 5s', image: 'x', overlap: 'allow' }),
  change: (object, n) => ({ spec: { ...(object as Batch).spec, command: ['echo', String(n)] } }),
  // A scheduled time is run once, whatever happens.
  check(_batch, children) {
    const times = children.map((c) => c.object.metadata.annotations?.['example.com/scheduled-at'])
    return times.length > 0 && new Set(times).size === times.length ? [] : [`has runs of ${times.sort().join(' ') || 'no time'}`]
  },
}
