import type { Pod } from '../../apimachinery/kinds.generated.ts'
import { quantityMilli, quantityValue } from '../../apimachinery/quantity.ts'
import { ConfigError } from './config-error.ts'
import type { AnyContainer } from './view.ts'

interface Addresses {
  readonly podIps: readonly string[]
  readonly hostIps: readonly string[]
}

/** Go's quoted form of a map, as the downward API writes labels and annotations. */
const mapText = (map: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n')

const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/

/** The value of a downward API `fieldRef`. Throws ConfigError for a path that Kubernetes does not offer. */
export function fieldValue(pod: Pod, path: string, addresses: Addresses): string {
  const match = keyed.exec(path)
  if (match) {
    const map = match[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations
    return map && Object.hasOwn(map, match[2] ?? '') ? (map[match[2] ?? ''] ?? '') : ''
  }
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name ?? ''
    case 'metadata.namespace':
      return pod.metadata.namespace ?? ''
    case 'metadata.uid':
      return pod.metadata.uid ?? ''
    case 'metadata.labels':
      return mapText(pod.metadata.labels)
    case 'metadata.annotations':
      return mapText(pod.metadata.annotations)
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? ''
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? ''
    case 'status.hostIP':
      return addresses.hostIps[0] ?? ''
    case 'status.hostIPs':
      return addresses.hostIps.join(',')
    case 'status.podIP':
      return addresses.podIps[0] ?? ''
    case 'status.podIPs':
      return addresses.podIps.join(',')
    default:
      throw new ConfigError('CreateContainerConfigError', `unsupported fieldPath: ${path}`)
  }
}

interface ResourceField {
  readonly containerName?: string
  readonly divisor?: string
  readonly resource: string
}

/** The value of a downward API `resourceFieldRef`, in units of its divisor, rounded up; without a limit, what the node has. */
export function resourceValue(
  pod: Pod,
  field: ResourceField,
  allocatable: Readonly<Record<string, string>>,
  own?: AnyContainer,
): string {
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
  const container = field.containerName ? all.find((c) => c.name === field.containerName) : own
  if (!container) throw new ConfigError('CreateContainerConfigError', `container ${field.containerName} not found`)
  const [side = '', ...rest] = field.resource.split('.')
  const name = rest.join('.')
  if (side !== 'limits' && side !== 'requests')
    throw new ConfigError('CreateContainerConfigError', `unsupported container resource : ${field.resource}`)
  const set = container.resources?.[side]?.[name]
  const quantity = set ?? (side === 'limits' ? allocatable[name] : container.resources?.limits?.[name]) ?? '0'
  const divisor = field.divisor && quantityMilli(field.divisor) > 0 ? field.divisor : '1'
  const scaled =
    name === 'cpu' ? quantityMilli(quantity) / quantityMilli(divisor) : quantityValue(quantity) / quantityValue(divisor)
  return String(Math.ceil(scaled))
}
