import type { IPAddress } from '../../../apimachinery/kinds.generated.ts'
import { strictIpProblems } from '../ip.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { validateIPAddress, validateIPAddressUpdate } from './ip-address-validation.ts'

function parentCell({ spec }: IPAddress): string {
  const parent = spec?.parentRef
  if (!parent) return '<none>'
  const type = (parent.group ? `${parent.resource}.${parent.group}` : (parent.resource ?? '')).toLowerCase()
  return `${type}/${parent.namespace ? `${parent.namespace}/` : ''}${parent.name ?? ''}`
}

export const ipAddress = kind<IPAddress>({
  gvk: 'networking.k8s.io/v1/IPAddress',
  keepsGenerateName: true,
  nameRule: strictIpProblems,
  validate: validateIPAddress,
  validateUpdate: validateIPAddressUpdate,
  specFields: [],
  // One cell more than there are columns: so does Kubernetes.
  cells: (address, now) => [address.metadata.name, parentCell(address), age(address, now)],
  selectableFields: { 'metadata.name': (address) => address.metadata.name ?? '' },
})
