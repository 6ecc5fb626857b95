// A plan as each operator can have one, for scripts/soak-operators.ts and soak.test.ts: that of the tests' own operator.
import { exactly, type SoakPlan } from '../../../src/testkit/soak.ts'
import { type Database, database, databaseCrd, databaseOperator } from '../../operators/database.ts'

export const plan: SoakPlan = {
  operator: databaseOperator({ finalize: () => undefined }),
  crds: [databaseCrd],
  sample: (n) => database(`db-${n}`, { replicas: 1 + (n % 3) }),
  change: (object, n) => {
    const { backup: _, ...spec } = (object as Database).spec
    return { spec: { ...spec, replicas: 1 + (n % 5), ...(n % 2 ? { backup: '0 3 * * *' } : {}) } }
  },
  check: exactly(({ metadata: { name }, ...rest }) => {
    const { backup } = (rest as Database).spec
    return ['StatefulSet', 'Service', 'Secret', ...(backup ? ['CronJob'] : [])].map((kind) => `${kind}/${name}`)
  }),
}
