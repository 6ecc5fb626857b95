import type { RequestInfo } from '../pipeline/request-info.ts'
import { beginsWithList } from './watch-count.ts'

/** What a request takes of its level (k8s.io/apiserver/pkg/util/flowcontrol/request). */
export interface WorkEstimate {
  /** Seats while it is answered. */
  readonly initialSeats: number
  /** Seats afterwards, while watchers are told, for `additionalMs`. */
  readonly finalSeats: number
  readonly additionalMs: number
}

export const maxSeats = ({ initialSeats, finalSeats }: WorkEstimate): number => Math.max(initialSeats, finalSeats)

/** What is known of a resource's objects. */
export interface ResourceStats {
  readonly objects: number
  /** Bytes of all together. */
  readonly bytes: number
}

/** What an estimate rests on. */
interface Surroundings {
  /** undefined: a resource of another server, or of none. */
  readonly stats: (group: string, resource: string) => ResourceStats | undefined
  /** That a write has to be told to. */
  readonly watches: number
}

const oneSeat: WorkEstimate = { initialSeats: 1, finalSeats: 0, additionalMs: 0 }

const bytesPerSeat = 100_000
/** A list from the caches is streamed: no more of it is in memory at once. */
const bytesOfStreamedList = 1_000_000
const mostSeatsOfList = 100
const mostSeatsOfWrite = 10
const watchesPerSeat = 10
const msPerEvent = 5

/** `seatsOfRequest`: what the level allows one request; 0: as many as the kind of request may have. */
export function estimate(info: RequestInfo, query: URLSearchParams, around: Surroundings, seatsOfRequest: number): WorkEstimate {
  const most = (bound: number) => (seatsOfRequest === 0 ? bound : Math.min(bound, seatsOfRequest))
  switch (info.verb) {
    case 'list':
    case 'watch':
      return listing(info, query, around, most(mostSeatsOfList))
    case 'create':
    case 'update':
    case 'patch':
    case 'delete':
      return writing(info, around, most(mostSeatsOfWrite))
    default:
      return oneSeat
  }
}

function listing(info: RequestInfo, query: URLSearchParams, { stats }: Surroundings, most: number): WorkEstimate {
  if (!beginsWithList(info.verb, query)) return oneSeat
  const found = stats(info.group, info.resource)
  if (!found || found.objects === 0) return oneSeat
  const { objects, bytes } = found
  const asked = Number(query.get('limit'))
  const limited = asked > 0 ? Math.min(asked, objects) : objects
  const isFromCache = info.verb === 'watch' || !needsStore(query)
  const hasSelector = Boolean(query.get('fieldSelector') || query.get('labelSelector'))
  const loaded = info.name ? 1 : isFromCache || !hasSelector ? limited : Math.max(limited, Math.floor(objects / 2))
  const memory = (loaded * bytes) / objects
  const seats = Math.ceil((isFromCache ? Math.min(memory, bytesOfStreamedList) : memory) / bytesPerSeat)
  return { ...oneSeat, initialSeats: Math.min(Math.max(1, seats), most) }
}

/** Lists of a time in the past: kube-apiserver reads them from etcd, unless its caches have that very revision. */
function needsStore(query: URLSearchParams): boolean {
  const [match, revision] = [query.get('resourceVersionMatch') ?? '', query.get('resourceVersion') ?? '']
  if (match === 'NotOlderThan') return false
  if (match !== '') return true
  if (query.get('continue')) return true
  return Number(query.get('limit')) > 0 && revision !== '' && revision !== '0'
}

function writing(info: RequestInfo, { watches }: Surroundings, most: number): WorkEstimate {
  // A token is no event.
  if (info.resource === 'serviceaccounts' && info.subresource === 'token') return oneSeat
  if (watches < watchesPerSeat) return oneSeat
  const seats = Math.ceil(watches / watchesPerSeat)
  const finalSeats = Math.min(seats, most)
  return { initialSeats: 1, finalSeats, additionalMs: (seats * msPerEvent) / finalSeats }
}
