import { tableOf } from '../../crd/definition/columns.ts'
import { age } from '../kinds/table.ts'
import type { Call, RowTable } from '../pipeline/call.ts'
import { createdDescription, nameDescription } from '../table/table.ts'
import type { Scale } from './scale.ts'

const priority = 0
const builtIn = [
  { name: 'Name', type: 'string', format: '', description: nameDescription, priority },
  {
    name: 'Desired',
    type: 'integer',
    format: '',
    description: 'replicas is the desired number of instances for the scaled object.',
    priority,
  },
  {
    name: 'Available',
    type: 'integer',
    format: '',
    description: 'replicas is the actual number of observed instances of the scaled object.',
    priority,
  },
  { name: 'Age', type: 'string', format: '', description: createdDescription, priority },
]

const custom = tableOf({
  name: '',
  served: true,
  storage: true,
  additionalPrinterColumns: [
    { name: 'Desired', type: 'integer', description: 'Number of desired replicas', jsonPath: '.spec.replicas' },
    { name: 'Available', type: 'integer', description: 'Number of actual replicas', jsonPath: '.status.replicas' },
    { name: 'Age', type: 'date', description: createdDescription, jsonPath: '.metadata.creationTimestamp' },
  ],
})

/** A Scale as `kubectl get` shows it. */
export function scaleTable({ resource, core }: Call, scale: Scale): RowTable {
  const now = core.clock.now()
  if (resource.isCustom) return { columns: custom.columns, cells: custom.cells(scale as never, new Date(now)) }
  const { name } = scale.metadata
  return { columns: builtIn, cells: [name, scale.spec?.replicas ?? 0, scale.status?.replicas ?? 0, age(scale, now)] }
}
