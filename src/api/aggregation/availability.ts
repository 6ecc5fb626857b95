import { timeText } from '../../apimachinery/clock.ts'
import type { APIServiceCondition, EndpointSlice, Service } from '../../apimachinery/kinds.generated.ts'
import type { RemoteService } from './remote-services.ts'

type Finding = Pick<APIServiceCondition, 'status' | 'reason' | 'message'>

/** Why a remote server cannot be available by what is stored of its Service; undefined: it has to be asked. Pure. */
export function obstacle(
  remote: RemoteService,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
): Finding | undefined {
  const { namespace, service: name, port } = remote
  const failed = (reason: string, message: string): Finding => ({ status: 'False', reason, message })
  if (!service) return failed('ServiceNotFound', `service/${name} in ${JSON.stringify(namespace)} is not present`)
  if ((service.spec?.type ?? 'ClusterIP') !== 'ClusterIP') return undefined
  const found = service.spec?.ports?.find((p) => p.port === port)
  const where = `service/${name} in ${JSON.stringify(namespace)}`
  if (!found) return failed('ServicePortError', `${where} is not listening on port ${port}`)
  if (slices.length === 0) return failed('EndpointsNotFound', `cannot find endpointslices for ${where}`)
  const portName = found.name ?? ''
  if (slices.some((slice) => hasReady(slice, portName))) return undefined
  const message = `endpointslices for ${where} have no addresses with port name ${JSON.stringify(portName)}`
  return failed('MissingEndpoints', message)
}

const hasReady = ({ endpoints, ports }: EndpointSlice, portName: string): boolean =>
  (endpoints ?? []).some((e) => e.conditions?.ready !== false) &&
  (ports ?? []).some((p) => (p.name ?? '') === portName && p.port !== undefined)

/** What asking the server itself gave: `failure` says what went wrong. Pure. */
export function finding(failure: string | undefined): Finding {
  if (failure === undefined) return { status: 'True', reason: 'Passed', message: 'all checks passed' }
  return { status: 'False', reason: 'FailedDiscoveryCheck', message: failure }
}

/** The conditions with Available as found; the same array when nothing changes. Pure. */
export function withAvailable(
  before: readonly APIServiceCondition[] | undefined,
  found: Finding,
  now: number,
): readonly APIServiceCondition[] {
  const old = before?.find((c) => c.type === 'Available')
  const isSame = old?.status === found.status && old.reason === found.reason && old.message === found.message
  if (before && isSame) return before
  const lastTransitionTime = old?.status === found.status && old.lastTransitionTime ? old.lastTransitionTime : timeText(now)
  return [...(before ?? []).filter((c) => c.type !== 'Available'), { type: 'Available', ...found, lastTransitionTime }]
}
