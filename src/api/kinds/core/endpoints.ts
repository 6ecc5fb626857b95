import type { Endpoints } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { endpointsWarnings, validateEndpoints, validateEndpointsUpdate } from './endpoints-validation.ts'

const joinHostPort = (ip: string, port: number): string => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)

/** `10.0.0.1:80,10.0.0.2:80`: the first three and how many more there are. */
function addressesCell(endpoints: Endpoints): string {
  const subsets = endpoints.subsets ?? []
  if (subsets.length === 0) return '<none>'
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map((a) => a.ip)
      : ports.flatMap((port) => addresses.map((a) => joinHostPort(a.ip, port.port))),
  )
  const shown = all.slice(0, 3).join(',')
  return all.length > 3 ? `${shown} + ${all.length - 3} more...` : shown
}

export const endpoints = kind<Endpoints>({
  gvk: 'v1/Endpoints',
  warnings: endpointsWarnings,
  specFields: [],
  allowCreateOnUpdate: true,
  validate: validateEndpoints,
  validateUpdate: validateEndpointsUpdate,
  defaults: (object) => {
    for (const subset of object.subsets ?? []) {
      for (const port of subset.ports ?? []) if (!port.protocol) port.protocol = 'TCP'
    }
  },
  cells: (object, now) => [object.metadata.name, addressesCell(object), age(object, now)],
})
