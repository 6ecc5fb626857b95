import { isInside, numberOf } from '../cidr.ts'
import { type Answer, type Question, type RecordData, type ResourceRecord, rcode, recordType } from './message.ts'
import type { Member, NamedPort, Records, ServiceRecords } from './records.ts'

interface ZoneOptions {
  readonly records: Records
  /** `cluster.local`. */
  readonly domain: string
  /** Ranges whose reverse names are ours, known or not. */
  readonly cidrs: readonly string[]
  /** The address of the name server itself, for its NS record. */
  readonly serverIp: string
}

export type ZoneAnswer =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** An alias: what `target` resolves to belongs after `records`. */
  | { readonly kind: 'alias'; readonly records: readonly ResourceRecord[]; readonly target: string }
  /** Not a name of the cluster. */
  | { readonly kind: 'elsewhere' }

/** Seconds that clients may keep what is there, and what is not. */
const ttl = 30
const negativeTtl = 5

/** What the cluster knows about a question. Pure. */
export function answerQuestion(options: ZoneOptions, question: Question): ZoneAnswer {
  const name = question.name.toLowerCase()
  const { domain } = options
  if (name === domain || name.endsWith(`.${domain}`)) return inZone(options, question, name)
  const ip = reverseAddress(name)
  return ip ? reverse(options, question, ip) : { kind: 'elsewhere' }
}

type Found =
  | { readonly exists: false }
  /** The name is there, with these records of any type; of the asked type there may be none. */
  | { readonly exists: true; readonly data: readonly RecordData[]; readonly additionals?: readonly ResourceRecord[] }

const nothing: Found = { exists: false }
const bare: Found = { exists: true, data: [] }

function inZone(options: ZoneOptions, question: Question, name: string): ZoneAnswer {
  const { records, domain } = options
  const labels = name === domain ? [] : name.slice(0, -domain.length - 1).split('.')
  if (labels.at(-1) === 'svc' && labels.length === 3) {
    const target = records.get(labels[1] ?? '', labels[0] ?? '')?.externalName
    if (target) return alias(question, target)
  }
  return reply(options, question, find(options, labels, question.type))
}

function alias(question: Question, externalName: string): ZoneAnswer {
  const target = externalName.replace(/\.$/, '')
  const record: ResourceRecord = { name: question.name, ttl, data: { type: 'CNAME', target } }
  if (question.type === recordType.CNAME) return { kind: 'answer', answer: positive([record]) }
  return { kind: 'alias', records: [record], target }
}

function find(options: ZoneOptions, labels: readonly string[], type: number): Found {
  const { domain, serverIp } = options
  const last = labels.at(-1)
  const path = labels.join('.')
  if (last === undefined) return { exists: true, data: [soa(domain).data, { type: 'NS', target: `ns.dns.${domain}` }] }
  if (path === 'dns-version') return { exists: true, data: [{ type: 'TXT', text: '1.1.0' }] }
  if (path === 'ns.dns') return { exists: true, data: [address(serverIp)] }
  if (path === 'dns') return bare
  if (last === 'pod') return findPod(labels)
  if (last !== 'svc') return nothing
  if (labels.length === 1) return bare
  return findService(options, labels.slice(0, -1), type)
}

/** `10-42-0-5.namespace.pod`: an address as a name, so that certificates can be made for it. */
function findPod(labels: readonly string[]): Found {
  const [host = '', namespace] = labels
  if (labels.length === 1) return bare
  if (labels.length === 2) return bare
  const ip = host.replaceAll('-', '.')
  return labels.length === 3 && namespace && !Number.isNaN(numberOf(ip)) ? { exists: true, data: [address(ip)] } : nothing
}

/** `labels`: what stands before `.svc`: namespace last. */
function findService({ records, domain }: ZoneOptions, labels: readonly string[], type: number): Found {
  const namespace = labels.at(-1) ?? ''
  if (labels.length === 1) return records.hasNamespace(namespace) ? bare : nothing
  const service = records.get(namespace, labels.at(-2) ?? '')
  if (!service) return nothing
  const [first = '', second = ''] = labels
  const wantsServices = type === recordType.SRV || type === recordType.ANY
  if (labels.length === 2) return findAddresses(service, domain, wantsServices ? () => true : undefined)
  if (labels.length === 3 && /^_(tcp|udp|sctp)$/.test(first)) return bare
  if (labels.length === 3) return findMember(service, first, domain, wantsServices)
  if (labels.length !== 4 || !first.startsWith('_') || !second.startsWith('_')) return nothing
  const matches = (p: NamedPort): boolean => p.name === first.slice(1) && p.protocol === second.slice(1)
  const ports = service.isHeadless ? service.members.flatMap((m) => m.ports) : service.ports
  return ports.some(matches) ? findAddresses(service, domain, matches) : nothing
}

/** A Service's addresses, and with `wanted` its ports as SRV records. A headless Service without endpoints does not exist. */
function findAddresses(service: ServiceRecords, domain: string, wanted?: (port: NamedPort) => boolean): Found {
  const self = `${service.name}.${service.namespace}.svc.${domain}`
  if (service.isHeadless && service.members.length === 0) return nothing
  const ips = service.isHeadless ? service.members.map((m) => m.ip) : service.ips
  const data = ips.map(address)
  if (!wanted) return { exists: true, data }
  if (!service.isHeadless) {
    const ports = service.ports.filter((p) => wanted(p))
    const services = ports.map((p) => srv(self, p.port, ports.length))
    return { exists: true, data: [...services, ...data], additionals: ips.map((ip) => record(self, address(ip))) }
  }
  const pairs = service.members.flatMap((m) =>
    m.ports.filter(wanted).map((port) => ({ m, port, target: `${m.hostname}.${self}` })),
  )
  const services = pairs.map(({ target, port }) => srv(target, port.port, pairs.length))
  const additionals = new Map(pairs.map(({ m, target }) => [`${target} ${m.ip}`, record(target, address(m.ip))]))
  return { exists: true, data: [...services, ...data], additionals: [...additionals.values()] }
}

function findMember(service: ServiceRecords, hostname: string, domain: string, wantsServices: boolean): Found {
  const members = service.members.filter((m: Member) => m.hostname.toLowerCase() === hostname)
  if (members.length === 0) return nothing
  const self = `${hostname}.${service.name}.${service.namespace}.svc.${domain}`
  const ports = wantsServices ? members.flatMap((m) => m.ports) : []
  return { exists: true, data: [...ports.map((p) => srv(self, p.port, ports.length)), ...members.map((m) => address(m.ip))] }
}

const address = (ip: string): RecordData => ({ type: ip.includes(':') ? 'AAAA' : 'A', address: ip })
const record = (name: string, data: RecordData): ResourceRecord => ({ name, ttl, data })
const srv = (target: string, port: number, count: number): RecordData => ({
  type: 'SRV',
  priority: 0,
  weight: Math.max(1, Math.floor(100 / count)),
  port,
  target,
})

function soa(domain: string): ResourceRecord {
  const data = {
    type: 'SOA',
    primary: `ns.dns.${domain}`,
    mail: `hostmaster.${domain}`,
    serial: 1,
    minimum: negativeTtl,
  } as const
  return { name: domain, ttl: negativeTtl, data }
}

function reply({ domain }: ZoneOptions, question: Question, found: Found): ZoneAnswer {
  if (!found.exists) return { kind: 'answer', answer: negative(domain, rcode.nameError) }
  const data = found.data.filter((d) => question.type === recordType.ANY || recordType[d.type] === question.type)
  if (data.length === 0) return { kind: 'answer', answer: negative(domain, rcode.ok) }
  const hasServices = data.some((d) => d.type === 'SRV')
  const answers = data.map((d) => ({ name: question.name, ttl, data: d }))
  return { kind: 'answer', answer: positive(answers, hasServices ? found.additionals : []) }
}

const positive = (answers: readonly ResourceRecord[], additionals: readonly ResourceRecord[] = []): Answer => ({
  rcode: rcode.ok,
  authoritative: true,
  answers,
  authorities: [],
  additionals,
})
const negative = (domain: string, code: number): Answer => ({
  rcode: code,
  authoritative: true,
  answers: [],
  authorities: [soa(domain)],
  additionals: [],
})

/** `5.0.42.10.in-addr.arpa` → 10.42.0.5. */
function reverseAddress(name: string): string | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(name)
  return match ? match.slice(1).reverse().join('.') : undefined
}

function reverse(options: ZoneOptions, question: Question, ip: string): ZoneAnswer {
  const { records, domain, cidrs } = options
  const service = records.byClusterIp(ip)
  const names = service ? [`${service.name}.${service.namespace}.svc.${domain}`] : memberNames(records, ip, domain)
  if (names.length > 0) return reply(options, question, { exists: true, data: names.map((target) => ({ type: 'PTR', target })) })
  return cidrs.some((cidr) => isInside(ip, cidr)) ? reply(options, question, nothing) : { kind: 'elsewhere' }
}

function memberNames(records: Records, ip: string, domain: string): string[] {
  return [...records.byMemberIp(ip)]
    .filter((s) => s.isHeadless)
    .flatMap((s) => s.members.filter((m) => m.ip === ip).map((m) => `${m.hostname}.${s.name}.${s.namespace}.svc.${domain}`))
}
