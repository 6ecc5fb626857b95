// What goes wrong between an operator and its API server, on demand.
import { type Clock, sleep } from '../apimachinery/clock.ts'
import type { KubeObject } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { conflict } from '../apimachinery/status.ts'
import { type Around, aroundClient } from '../client/around.ts'
import type { Client, WatchOptions } from '../client/client.ts'
import { type Duration, milliseconds } from '../operators/duration.ts'

/** What goes wrong; nothing does of what is absent. */
export interface FaultSettings {
  /** Every n-th write is refused with a conflict. */
  conflicts?: number
  /** Every n-th request is lost before the server sees it. */
  lostRequests?: number
  /** Every n-th write is done, but its answer is lost. */
  lostAnswers?: number
  /** Watch events arrive this much later. */
  eventDelay?: Duration
  /** Watches stay open but tell nothing more. */
  isSilent?: boolean
  /** The server can't be reached; watches that are open end. */
  isDown?: boolean
  /** What it throws is the request's failure. */
  fail?: (verb: string, resource: string, name: string) => void
}

/** What goes wrong between a program and the server, for tests. */
export interface Faults {
  /** Changes some settings; the others stay. */
  set(settings: FaultSettings): void
  /** Nothing goes wrong any more. */
  clear(): void
  /** Ends all watches: cleanly, or with `error`. */
  cutWatches(error?: unknown): void
  /** `client` as seen through the faults. */
  between(client: Client): Client
}

const lost = (what: string) => Object.assign(new Error(`${what}: socket hang up`), { code: 'ECONNRESET' })
/** What a connection to a port that nobody listens on gives. */
export const refused = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })

interface State {
  settings: FaultSettings
  writes: number
  requests: number
  answers: number
  readonly watches: Set<(error: unknown) => void>
}

/** No faults, until `set`; `note` is told of each. */
export function createFaults(clock: Clock, note: (text: string) => void = () => {}): Faults {
  const state: State = { settings: {}, writes: 0, requests: 0, answers: 0, watches: new Set() }
  const cutWatches = (error?: unknown) => {
    note(`watches end${error === undefined ? '' : `: ${error}`}`)
    for (const cut of [...state.watches]) cut(error)
  }
  return {
    set(settings) {
      note(`faults: ${JSON.stringify(settings)}`)
      Object.assign(state.settings, settings)
      if (settings.isDown) cutWatches(lost('watch'))
    },
    clear() {
      note('faults: none')
      state.settings = {}
    },
    cutWatches,
    between: (client) => faultyClient(client, state, clock),
  }
}

function faultyClient(client: Client, state: State, clock: Clock): Client {
  const turn = (count: number, every: number | undefined): boolean => every !== undefined && count % every === 0
  const call: Around = async (about, send) => {
    const { settings } = state
    const { verb, resource, name } = about
    if (settings.isDown) throw refused()
    settings.fail?.(verb, resource.resource, name)
    if (turn(++state.requests, settings.lostRequests)) throw lost(`${verb} ${resource.resource}`)
    if (about.writes && turn(++state.writes, settings.conflicts))
      throw conflict(resource, name, 'the object has been modified (injected)')
    const answer = await send()
    if (about.writes && turn(++state.answers, settings.lostAnswers)) throw lost(`${verb} ${resource.resource}`)
    return answer
  }
  return aroundClient(client, {
    call,
    watch: (r, o) => faultyWatch(client, r, o, state, clock),
    raw: async (request) => {
      if (state.settings.isDown) throw refused()
      return client.raw(request)
    },
  })
}

async function* faultyWatch<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  options: WatchOptions | undefined,
  state: State,
  clock: Clock,
) {
  if (state.settings.isDown) throw refused()
  const end = new AbortController()
  let failure: unknown
  const cut = (error: unknown) => {
    failure = error
    end.abort()
  }
  state.watches.add(cut)
  const signal = options?.signal ? AbortSignal.any([options.signal, end.signal]) : end.signal
  try {
    for await (const { batch, due } of timed(client.watch(resource, { ...options, signal }), state, clock, signal)) {
      if (due > clock.now()) await sleep(clock, due - clock.now(), signal)
      if (signal.aborted) break
      if (!state.settings.isSilent) yield batch
    }
    if (failure !== undefined && !options?.signal?.aborted) throw failure
  } finally {
    state.watches.delete(cut)
    end.abort()
  }
}

/** Each batch with the time when it may arrive. It is read from the server as it comes, so that delays don't add up. */
async function* timed<B>(batches: AsyncIterable<B>, state: State, clock: Clock, signal: AbortSignal) {
  const queue: { batch: B; due: number }[] = []
  let wake = Promise.withResolvers<void>()
  let ended: { error?: unknown } | undefined
  const stamp = (batch: B) => queue.push({ batch, due: clock.now() + milliseconds(state.settings.eventDelay ?? 0) })
  const read = async () => {
    for await (const batch of batches) {
      stamp(batch)
      wake.resolve()
    }
  }
  void read()
    .then(() => {
      ended = {}
    })
    .catch((error: unknown) => {
      ended = { error }
    })
    .finally(() => wake.resolve())
  signal.addEventListener('abort', () => wake.resolve(), { once: true })
  for (;;) {
    for (let next = queue.shift(); next && !signal.aborted; next = queue.shift()) yield next
    if (signal.aborted) return
    if (ended?.error !== undefined) throw ended.error
    if (ended) return
    await wake.promise
    wake = Promise.withResolvers()
  }
}
