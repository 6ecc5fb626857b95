import operator, { Database } from '../../../examples/operators/database/operator.ts'
import { exactly, type SoakPlan } from '../../../src/testkit/soak.ts'

export const plan: SoakPlan = {
  operator,
  crds: [Database],
  // Without backup: the last one would need a node to run on.
  sample: (n) => Database.make({ name: `db-${n}`, namespace: 'default' }, { replicas: 1 + (n % 3) }),
  change: (object, n) => ({ spec: { ...(object as Database).spec, replicas: 1 + (n % 5) } }),
  check: exactly(({ metadata: { name } }) => ['StatefulSet', 'Service', 'Secret'].map((kind) => `${kind}/${name}`)),
}
