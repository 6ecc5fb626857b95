import type { FlowSchema, PriorityLevelConfiguration } from '../../apimachinery/kinds.generated.ts'
import { flowschemas, prioritylevelconfigurations } from '../../apimachinery/resources.generated.ts'
import { isMaster } from '../auth/users.ts'
import type { Objects } from '../objects.ts'
import { isLongRunning } from '../pipeline/in-flight.ts'
import type { RequestInfo } from '../pipeline/request-info.ts'
import type { ApiRequest, UserInfo } from '../request.ts'
import { Level, type LevelLimits } from './level.ts'
import { flowOf, inOrder, isMeant } from './matching.ts'

/** What became of a request: the headers that say how it was classified, and how it leaves its place. */
export interface Place {
  readonly headers: Readonly<Record<string, string>>
  leave(): void
}

interface Classified {
  readonly schema: FlowSchema
  readonly level: PriorityLevelConfiguration
  readonly headers: Readonly<Record<string, string>>
}

const longestWaitMs = 15_000
const free: Place = { headers: {}, leave: () => {} }
const mostRemembered = 4096

/** API Priority and Fairness over the stored FlowSchemas and PriorityLevelConfigurations. `total`: places of all levels together. */
export class FlowControl {
  readonly #objects: Objects
  readonly #total: number
  readonly #levels = new Map<string, Level>()
  #classes: readonly Classified[] | undefined
  /** Of a kind of request and a user: the same is asked again and again. */
  readonly #known = new Map<string, Classified | undefined>()

  constructor(objects: Objects, total: number) {
    this.#objects = objects
    this.#total = total
    const forget = () => {
      this.#classes = undefined
      this.#known.clear()
    }
    objects.onChange(flowschemas, forget)
    objects.onChange(prioritylevelconfigurations, forget)
  }

  /** Takes a place of the request's priority level, after waiting for one if need be. Throws 429 when there is none. */
  enter(request: ApiRequest, info: RequestInfo, user: UserInfo): Place | Promise<Place> {
    const isStream = isLongRunning(info)
    if (request.wantsObjects || (isStream && info.verb !== 'watch')) return free
    const found = this.#classify(info, user)
    if (!found) return free
    const { schema, level, headers } = found
    const place = this.#levels.get(level.metadata.name ?? '')
    if (isStream || level.spec?.type !== 'Limited' || !place || isMaster(user)) return { headers, leave: () => {} }
    const flow = `${schema.metadata.name}\n${flowOf(schema.spec, info, user)}`
    const waited = place.enter(flow, () => AbortSignal.any([request.signal, AbortSignal.timeout(longestWaitMs)]))
    const taken: Place = { headers, leave: () => place.leave() }
    return waited ? waited.then(() => taken) : taken
  }

  #classify(info: RequestInfo, user: UserInfo): Classified | undefined {
    const { verb, group, resource, subresource, namespace, path, isResource } = info
    const asked = isResource ? `${group}/${resource}/${subresource}/${namespace}` : path
    const key = `${verb} ${asked}\n${user.name}\n${user.groups.join('\n')}`
    if (this.#known.has(key)) return this.#known.get(key)
    const found = this.#current().find(({ schema }) => isMeant(schema.spec, info, user))
    if (this.#known.size >= mostRemembered) this.#known.clear()
    this.#known.set(key, found)
    return found
  }

  #current(): readonly Classified[] {
    this.#classes ??= this.#read()
    return this.#classes
  }

  /** A schema whose level is missing means nothing. */
  #read(): Classified[] {
    const levels = this.#objects.list(prioritylevelconfigurations)
    this.#settle(levels)
    const byName = new Map(levels.map((level) => [level.metadata.name, level]))
    return inOrder(this.#objects.list(flowschemas)).flatMap((schema): Classified[] => {
      const level = byName.get(schema.spec?.priorityLevelConfiguration.name)
      if (!level) return []
      const headers = {
        'x-kubernetes-pf-flowschema-uid': schema.metadata.uid ?? '',
        'x-kubernetes-pf-prioritylevel-uid': level.metadata.uid ?? '',
      }
      return [{ schema, level, headers }]
    })
  }

  #settle(levels: readonly PriorityLevelConfiguration[]): void {
    for (const [name, limits] of limitsOf(levels, this.#total)) {
      const known = this.#levels.get(name)
      if (known) known.change(limits)
      else this.#levels.set(name, new Level(limits))
    }
  }
}

/** The places of each level: its share of all, rounded up; and how many may wait for one. */
export function limitsOf(levels: readonly PriorityLevelConfiguration[], total: number): Map<string, LevelLimits> {
  const sharesOf = ({ spec }: PriorityLevelConfiguration) =>
    (spec?.type === 'Exempt' ? spec.exempt?.nominalConcurrencyShares : spec?.limited?.nominalConcurrencyShares) ?? 0
  const sum = levels.reduce((shares, level) => shares + sharesOf(level), 0)
  return new Map(
    levels
      .filter(({ spec }) => spec?.type === 'Limited')
      .map((level) => {
        const { type, queuing } = level.spec?.limited?.limitResponse ?? {}
        const { queues = 64, handSize = 8, queueLengthLimit = 50 } = type === 'Queue' ? (queuing ?? {}) : { queueLengthLimit: 0 }
        const waitingOfFlow = Math.min(handSize, queues) * queueLengthLimit
        const seats = sum === 0 ? 0 : Math.ceil((total * sharesOf(level)) / sum)
        return [level.metadata.name ?? '', { seats, waitingOfFlow, waiting: queues * queueLengthLimit }]
      }),
  )
}
