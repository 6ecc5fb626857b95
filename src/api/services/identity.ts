import { createHash, randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { type Clock, microTimeText, untilBeat } from '../../apimachinery/clock.ts'
import type { Lease } from '../../apimachinery/kinds.generated.ts'
import { leases } from '../../apimachinery/resources.generated.ts'
import type { Objects } from '../objects.ts'
import { apply, remove } from '../own-requests.ts'
import type { HandleRequest } from '../request.ts'

/** Where an API server is reached. */
export interface ServerAddress {
  readonly address: string
  readonly port: number
}

interface IdentityOptions extends ServerAddress {
  readonly handle: HandleRequest
  readonly objects: Objects
  readonly clock: Clock
  /** Whether no other server can have the same store: then the lease need only not run out. */
  readonly isAlone?: boolean
  /** Called after each renewal and whenever another server comes or goes, with all that live, this one among them. */
  readonly onServers: (servers: readonly ServerAddress[]) => Promise<void>
}

export interface Identity {
  /** Ends the renewals and takes the lease away, so that no traffic comes here any more. */
  stop(): Promise<void>
}

const namespace = 'kube-system'
const identityLabel = 'apiserver.kubernetes.io/identity'
const addressAnnotation = 'kubernetes.io/peer-advertise-address'
const durationSeconds = 3600
const renewMs = 10_000
const renewAloneMs = 600_000
/** Without a renewal for so long a server gets no more traffic; three are missed then. */
const deadAfterMs = 35_000

/** Keeps this server's identity Lease (pkg/controlplane/apiserver), by which the servers of one cluster know of each other. */
export async function keepIdentity(options: IdentityOptions): Promise<Identity> {
  const { handle, objects, clock, address, port, onServers } = options
  const name = leaseName(hostname(), address, port)
  const holder = `${name}_${randomUUID()}`
  let isOpen = true
  let cancel = () => {}
  const tell = () => onServers(liveServers(objects.list(leases, namespace), clock.now()))
  const renew = async (): Promise<void> => {
    try {
      await apply(handle, leases, leaseOf(name, holder, options, clock.now()))
      for (const old of expired(objects.list(leases, namespace), clock.now())) await remove(handle, leases, namespace, old)
      await tell()
    } finally {
      if (isOpen) cancel = clock.after(untilBeat(clock, options.isAlone ? renewAloneMs : renewMs), () => renew().catch(report))
    }
  }
  await renew()
  const stopWatching = objects.onChange(leases, (now, before) => {
    const changed = now ?? before
    const isOfOther = changed?.metadata.labels?.[identityLabel] !== undefined && changed.metadata.name !== name
    if (isOpen && isOfOther && (!now || !before)) tell().catch(report)
  })
  return {
    async stop() {
      isOpen = false
      cancel()
      stopWatching()
      await remove(handle, leases, namespace, name)
      const others = liveServers(objects.list(leases, namespace), clock.now())
      if (others.length > 0) await onServers(others)
    },
  }
}

const report = (error: unknown): void => console.error('the identity of this API server:', error)

/** Unique among the servers of one cluster, also on one machine; the same after a restart. */
export function leaseName(host: string, address: string, port: number): string {
  const hash = createHash('sha256').update(`${host}\0kube-apiserver\0${address}:${port}`).digest().subarray(0, 16)
  return `apiserver-${base32(hash)}`
}

function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((b) => b.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('')
}

function leaseOf(name: string, holder: string, { address, port }: ServerAddress, nowMs: number) {
  return {
    metadata: {
      name,
      namespace,
      labels: { [identityLabel]: 'kube-apiserver', 'kubernetes.io/hostname': hostname() },
      annotations: { [addressAnnotation]: `${address}:${port}` },
    },
    spec: { holderIdentity: holder, leaseDurationSeconds: durationSeconds, renewTime: microTimeText(nowMs) },
  }
}

const renewedMs = ({ spec }: Lease): number => Date.parse(spec?.renewTime ?? '') || 0
const isIdentity = ({ metadata }: Lease): boolean => metadata.labels?.[identityLabel] === 'kube-apiserver'

/** Those that renewed their lease lately, in the order of their addresses. Pure. */
function liveServers(all: readonly Lease[], nowMs: number): ServerAddress[] {
  return all
    .filter((lease) => isIdentity(lease) && renewedMs(lease) > nowMs - deadAfterMs)
    .flatMap(({ metadata }) => {
      const [, address, port] = /^(.+):(\d+)$/.exec(metadata.annotations?.[addressAnnotation] ?? '') ?? []
      return address && port ? [{ address, port: Number(port) }] : []
    })
    .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : a.port - b.port))
}

/** Leases of servers that are long gone. Pure. */
function expired(all: readonly Lease[], nowMs: number): string[] {
  return all
    .filter((lease) => isIdentity(lease) && renewedMs(lease) + (lease.spec?.leaseDurationSeconds ?? 0) * 1000 < nowMs)
    .map((lease) => lease.metadata.name ?? '')
}
