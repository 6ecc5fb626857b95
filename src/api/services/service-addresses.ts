import { isIPv4 } from 'node:net'
import { type FieldError, invalid, invalidObject } from '../../apimachinery/field-error.ts'
import type { IPAddress, Service, ServiceSpec } from '../../apimachinery/kinds.generated.ts'
import { ipaddresses, services } from '../../apimachinery/resources.generated.ts'
import { internalError } from '../../apimachinery/status.ts'
import { needsClusterIP, needsHealthCheckNodePort, needsNodePort } from '../kinds/core/service/service-types.ts'
import type { Objects } from '../objects.ts'
import type { Call, Claim, HookedWrite, WriteHooks } from '../pipeline/call.ts'
import { asWritten } from '../schema/canonical.ts'
import { structType } from '../schema/types.ts'
import type { AllocationMetrics } from './allocation-metrics.ts'
import { type Allocator, addressAllocator, addressNumber, addressText, portAllocator } from './allocator.ts'
import { claimChanges, type Held } from './claim-changes.ts'
import { isHeadless, settleFamilies } from './ip-families.ts'

interface ServiceAddressOptions {
  readonly objects: Objects
  /** IPv4 range of cluster addresses. */
  readonly serviceCidr: string
  /** In [0, 1). */
  readonly random: () => number
  readonly metrics?: AllocationMetrics
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
export function serviceAddresses({ objects, serviceCidr, random, metrics }: ServiceAddressOptions): WriteHooks {
  const pool: Pool = { cidr: serviceCidr, addresses: addressAllocator(serviceCidr, random), ports: portAllocator(random) }
  metrics?.follow(serviceCidr, pool.addresses, pool.ports)
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
  const addresses = (needsClusterIP(spec) ? (spec.clusterIPs ?? []) : []).filter((ip) => isIPv4(ip)).map(addressNumber)
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

/** Fills in families and ports before validation, which wants them; says which ports. They are held from the claim on. */
function offer(pool: Pool, write: HookedWrite): number[] {
  const service = write.object as Service
  const { spec } = service
  if (!spec || !isOfService(write)) return []
  const old = write.old as Service | undefined
  const before = old ? heldBy(old) : nothing
  const asked = new Set(heldBy(service).ports)
  if (old && needsClusterIP(spec) && isHeadless(spec) && !spec.clusterIPs?.length) spec.clusterIPs = ['None']
  refuse(service, settleFamilies(spec, old?.spec))
  if (!old || old.spec?.type === 'ExternalName') refuse(service, addressErrors(pool, spec, before, write.dryRun))
  refuse(service, givePorts(pool, spec, before, write).slice(0, 1))
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
  // A Service that had none though it may have one was made behind the endpoint that allocates: it stays so.
  const old = write.old as Service | undefined
  const isDue = !old?.spec || !needsClusterIP(old.spec)
  const lacking = isDue ? giveAddress(pool, spec, before, dryRun) : []
  refuse(service, [...lacking, ...givePorts(pool, spec, before, write)])
  // In Go's order again, with what was given.
  service.spec = asWritten(structType('core/v1.ServiceSpec'), spec)
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

function refuse({ metadata }: Service, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'Service' }, metadata.name ?? '', errors)
}

function giveAddress(pool: Pool, spec: ServiceSpec, before: Held, dryRun: boolean): FieldError[] {
  if (!needsClusterIP(spec)) {
    // A Service is read with its address in both fields, though an ExternalName holds none.
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP]
    return []
  }
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
  const errors = addressErrors(pool, spec, before, dryRun)
  if (errors.length > 0) return errors
  spec.clusterIP = asked
  spec.clusterIPs = [asked]
  return []
}

/** Why a Service cannot have the address that it asks for. */
function addressErrors(pool: Pool, spec: ServiceSpec, before: Held, dryRun: boolean): FieldError[] {
  const asked = spec.clusterIPs?.[0] || spec.clusterIP
  if (!needsClusterIP(spec) || isHeadless(spec) || !asked) return []
  const n = isIPv4(asked) ? addressNumber(asked) : Number.NaN
  if (before.addresses.includes(n)) return []
  const refused = (why: string) => [invalid('spec.clusterIPs', [asked], `failed to allocate IP ${asked}: ${why}`)]
  if (!pool.addresses.has(n))
    return refused(`the provided IP (${asked}) is not in the valid range. The range of valid IPs is ${pool.cidr}`)
  // A dry run asks the range only.
  if (!dryRun && pool.addresses.isTaken(n)) return refused('provided IP is already allocated')
  return []
}

/** A dry run shows ports after this one, which nobody can have (portallocator.PortAllocationOperation). */
const dryRunPort = 32_768

function givePorts(pool: Pool, spec: ServiceSpec, before: Held, { dryRun, old }: HookedWrite): FieldError[] {
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
    // In a new Service the same port number gets the same node port, which is an error where the protocol is the same, too.
    const twin = old ? undefined : ports.find((p) => p !== port && p.port === port.port && p.nodePort)
    port.nodePort = twin?.nodePort ?? choose()
  }
  if (needsHealthCheckNodePort(spec)) {
    if (spec.healthCheckNodePort) check(spec.healthCheckNodePort, 'spec.healthCheckNodePort')
    else spec.healthCheckNodePort = choose()
  }
  for (const n of chosen) pool.ports.release(n)
  return errors
}
