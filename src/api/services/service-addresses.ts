import { isIPv4 } from 'node:net'
import { type FieldError, invalid, invalidObject } from '../../apimachinery/field-error.ts'
import type { IPAddress, Service, ServiceSpec } from '../../apimachinery/kinds.generated.ts'
import { ipaddresses, services } from '../../apimachinery/resources.generated.ts'
import { internalError } from '../../apimachinery/status.ts'
import { needsClusterIP, needsHealthCheckNodePort, needsNodePort } from '../kinds/core/service-types.ts'
import type { Objects } from '../objects.ts'
import type { Call, Claim, HookedWrite, WriteHooks } from '../pipeline/call.ts'
import { type Allocator, addressAllocator, addressNumber, addressText, portAllocator } from './allocator.ts'
import { claimChanges, type Held } from './claim-changes.ts'

export interface ServiceAddressOptions {
  readonly objects: Objects
  /** IPv4 range of cluster addresses. */
  readonly serviceCidr: string
  /** In [0, 1). */
  readonly random: () => number
}

interface Pool {
  readonly cidr: string
  readonly addresses: Allocator
  readonly ports: Allocator
}

/**
 * Gives Services cluster addresses and node ports in the write that needs them. What is taken follows the stored Services; between the
 * choice and the commit it is held by the claim.
 */
export function serviceAddresses({ objects, serviceCidr, random }: ServiceAddressOptions): WriteHooks {
  const pool: Pool = { cidr: serviceCidr, addresses: addressAllocator(serviceCidr, random), ports: portAllocator(random) }
  for (const service of objects.list(services)) hold(pool, heldBy(service))
  objects.onChange(services, (now, before) => {
    if (now) hold(pool, heldBy(now))
    if (before) letGo(pool, heldBy(before))
  })
  // An address that somebody reserved by an object of its own is taken, too.
  for (const address of objects.list(ipaddresses)) hold(pool, reservedBy(address))
  objects.onChange(ipaddresses, (now, before) => {
    if (now) hold(pool, reservedBy(now))
    if (before) letGo(pool, reservedBy(before))
  })
  const offered = new WeakMap<Call, readonly number[]>()
  return {
    prepare: (write) => void offered.set(write.call, offer(pool, write)),
    claim: (write) => claim(pool, write, offered.get(write.call) ?? []),
  }
}

function heldBy({ spec = {} }: Service): Held {
  const addresses = (spec.clusterIPs ?? []).filter((ip) => isIPv4(ip)).map(addressNumber)
  const ports = new Set((spec.ports ?? []).flatMap((p) => (p.nodePort ? [p.nodePort] : [])))
  if (spec.healthCheckNodePort) ports.add(spec.healthCheckNodePort)
  return { addresses, ports: [...ports] }
}

function reservedBy({ metadata: { name = '' } }: IPAddress): Held {
  return { addresses: isIPv4(name) ? [addressNumber(name)] : [], ports: [] }
}

function hold(pool: Pool, { addresses, ports }: Held): void {
  for (const n of addresses) pool.addresses.take(n)
  for (const n of ports) pool.ports.take(n)
}

function letGo(pool: Pool, { addresses, ports }: Held): void {
  for (const n of addresses) pool.addresses.release(n)
  for (const n of ports) pool.ports.release(n)
}

const isOfService = ({ call, operation }: HookedWrite): boolean => operation !== 'delete' && call.info.subresource === ''

/** Fills in ports before validation, which wants them; says which. They are held from the claim on. */
function offer(pool: Pool, write: HookedWrite): number[] {
  const { spec } = write.object as Service
  if (!spec || !isOfService(write)) return []
  const before = write.old ? heldBy(write.old as Service) : nothing
  const asked = new Set(heldBy(write.object as Service).ports)
  givePorts(pool, spec, before, write.dryRun)
  if (write.old && isHeadless(spec)) {
    if (!spec.clusterIPs?.length) spec.clusterIPs = ['None']
    setFamilies(spec)
  }
  return heldBy(write.object as Service).ports.filter((port) => !asked.has(port))
}

function claim(pool: Pool, write: HookedWrite, offered: readonly number[]): Claim | undefined {
  const service = write.object as Service
  const { spec } = service
  const before = write.old ? heldBy(write.old as Service) : nothing
  if (write.operation === 'delete') return { changes: claimChanges(write, before, nothing), settle: () => {} }
  if (!spec || !isOfService(write)) return undefined
  const { dryRun } = write
  const given = { ...spec, ...(spec.ports ? { ports: spec.ports.map((p) => ({ ...p })) } : {}) }
  dropLost(pool, spec, offered)
  const errors = [...setFamilies(spec), ...giveAddress(pool, spec, before, dryRun), ...givePorts(pool, spec, before, dryRun)]
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'Service' }, service.metadata.name ?? '', errors)
  if (dryRun) return undefined
  const now = heldBy(service)
  hold(pool, now)
  return {
    changes: claimChanges(write, before, now),
    settle: (done) => {
      // The stored Service holds its own from the commit on.
      letGo(pool, now)
      if (!done) service.spec = given
    },
  }
}

const nothing: Held = { addresses: [], ports: [] }

/** Another write took an offered port in the meantime: another one will do. */
function dropLost(pool: Pool, spec: ServiceSpec, offered: readonly number[]): void {
  const lost = new Set(offered.filter((n) => pool.ports.isTaken(n)))
  for (const port of spec.ports ?? []) if (port.nodePort && lost.has(port.nodePort)) delete port.nodePort
  if (spec.healthCheckNodePort && lost.has(spec.healthCheckNodePort)) delete spec.healthCheckNodePort
}

const isHeadless = (spec: ServiceSpec): boolean => spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None'

/** One family on this cluster: IPv4 (pkg/registry/core/service/storage initIPFamilyFields). */
function setFamilies(spec: ServiceSpec): FieldError[] {
  if (!needsClusterIP(spec)) return []
  if (isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0) {
    spec.ipFamilyPolicy ??= 'RequireDualStack'
    if (!spec.ipFamilies?.length) spec.ipFamilies = spec.ipFamilyPolicy === 'SingleStack' ? ['IPv4'] : ['IPv4', 'IPv6']
    return []
  }
  const errors: FieldError[] = []
  spec.ipFamilyPolicy ??= 'SingleStack'
  if (spec.ipFamilyPolicy === 'RequireDualStack') {
    errors.push(invalid('spec.ipFamilyPolicy', 'RequireDualStack', 'this cluster is not configured for dual-stack services'))
  }
  spec.ipFamilies?.forEach((family, i) => {
    if (family !== 'IPv4') errors.push(invalid(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster'))
  })
  if (!spec.ipFamilies?.length) spec.ipFamilies = ['IPv4']
  return errors
}

function giveAddress(pool: Pool, spec: ServiceSpec, before: Held, dryRun: boolean): FieldError[] {
  if (!needsClusterIP(spec)) return []
  if (isHeadless(spec)) {
    spec.clusterIP = 'None'
    spec.clusterIPs = ['None']
    return []
  }
  const asked = spec.clusterIPs?.[0] || spec.clusterIP
  if (!asked) {
    const n = pool.addresses.free()
    if (n === undefined) throw internalError('failed to allocate a serviceIP: range is full')
    spec.clusterIP = addressText(n)
    spec.clusterIPs = [spec.clusterIP]
    return []
  }
  const n = isIPv4(asked) ? addressNumber(asked) : Number.NaN
  if (before.addresses.includes(n)) return []
  const refuse = (why: string) => [invalid('spec.clusterIPs', [asked], `failed to allocate IP ${asked}: ${why}`)]
  if (!pool.addresses.has(n))
    return refuse(`the provided IP (${asked}) is not in the valid range. The range of valid IPs is ${pool.cidr}`)
  // A dry run asks the range only.
  if (!dryRun && pool.addresses.isTaken(n)) return refuse('provided IP is already allocated')
  spec.clusterIP = asked
  spec.clusterIPs = [asked]
  return []
}

/** A dry run shows ports after this one, which nobody can have (portallocator.PortAllocationOperation). */
const dryRunPort = 32_768

function givePorts(pool: Pool, spec: ServiceSpec, before: Held, dryRun: boolean): FieldError[] {
  const errors: FieldError[] = []
  const own = new Set(before.ports)
  /** Ports chosen in this write, so that none is given twice. */
  const chosen = new Set<number>()
  const choose = (): number => {
    const n = dryRun ? Math.max(dryRunPort, ...chosen) + 1 : pool.ports.free()
    if (n === undefined) throw internalError('failed to allocate a nodePort: range is full')
    chosen.add(n)
    pool.ports.take(n)
    return n
  }
  const check = (n: number, field: string) => {
    if (own.has(n) || chosen.has(n)) return
    if (!dryRun && !pool.ports.has(n))
      errors.push(invalid(field, n, 'provided port is not in the valid range. The range of valid ports is 30000-32767'))
    else if (pool.ports.isTaken(n)) errors.push(invalid(field, n, 'provided port is already allocated'))
    else {
      chosen.add(n)
      pool.ports.take(n)
    }
  }
  const wants = needsNodePort(spec) && !(spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts === false)
  const ports = needsNodePort(spec) ? (spec.ports ?? []) : []
  ports.forEach((port, i) => {
    if (port.nodePort) check(port.nodePort, `spec.ports[${i}].nodePort`)
  })
  for (const port of ports) {
    if (port.nodePort || !wants) continue
    // The same port number in another protocol gets the same node port.
    const twin = ports.find((p) => p !== port && p.port === port.port && p.protocol !== port.protocol && p.nodePort)
    port.nodePort = twin?.nodePort ?? choose()
  }
  if (needsHealthCheckNodePort(spec)) {
    if (spec.healthCheckNodePort) check(spec.healthCheckNodePort, 'spec.healthCheckNodePort')
    else spec.healthCheckNodePort = choose()
  }
  for (const n of chosen) pool.ports.release(n)
  return errors
}
