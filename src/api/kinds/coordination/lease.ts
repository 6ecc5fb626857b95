import type { Lease } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { validateLease, validateLeaseUpdate } from './lease-validation.ts'

/** Coordinated leader election is behind a gate that is off: its fields are kept only where they already are. */
function dropCoordinated({ spec }: Lease, old?: Lease): void {
  if (!spec) return
  if (old?.spec?.strategy === undefined) delete spec.strategy
  if (old?.spec?.preferredHolder === undefined) delete spec.preferredHolder
}

export const lease = kind<Lease>({
  gvk: 'coordination.k8s.io/v1/Lease',
  validate: validateLease,
  validateUpdate: validateLeaseUpdate,
  anyFinalizer: true,
  specFields: [],
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  prepareForCreate: (object) => dropCoordinated(object),
  prepareForUpdate: dropCoordinated,
  cells: (object, now) => [object.metadata.name, object.spec?.holderIdentity ?? '', age(object, now)],
})
