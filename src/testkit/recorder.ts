// What happened, in order: the timeline that a failed test shows.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../apimachinery/clock.ts'
import { keyOf } from '../apimachinery/object.ts'
import { StatusError } from '../apimachinery/status.ts'
import { type Around, aroundClient, type Call } from '../client/around.ts'
import type { Client } from '../client/client.ts'
import { createLog, type Log } from '../operators/log.ts'
import type { Span, SpanOptions, Tracer } from '../operators/telemetry/trace.ts'

interface Entry {
  /** Milliseconds since the recorder was made, by the test's clock. */
  readonly at: number
  readonly kind: 'reconcile' | 'request' | 'event' | 'fault' | 'log'
  /** Which run it belongs to, such as `db default/a #3`; '' outside of any. */
  readonly run: string
  readonly text: string
}

/** What a test has seen happen. */
export interface Recorder {
  readonly entries: readonly Entry[]
  /** How many requests that write were sent, and not refused. */
  readonly writes: number
  /** Makes each run of a reconcile an entry. */
  readonly tracer: Tracer
  readonly log: Log
  /** `client`, each of whose requests and watch events becomes an entry. */
  recording(client: Client): Client
  note(kind: Entry['kind'], text: string): void
  /** The last `count` entries, a line each. */
  timeline(count?: number): string
}

const mostEntries = 10_000

const silentSpan: Span = { setAttribute: () => {}, recordException: () => {}, setStatus: () => {}, end: () => {} }

/** Adds an entry; of the run that runs, unless `run` says of which. */
type Note = (kind: Entry['kind'], text: string, run?: string) => void

/** A recorder that begins now. */
export function createRecorder(clock: Clock): Recorder {
  const began = clock.now()
  const entries: Entry[] = []
  const current = new AsyncLocalStorage<string>()
  let writes = 0
  const note: Note = (kind, text, run = current.getStore() ?? '') => {
    if (entries.length >= mostEntries) entries.splice(0, mostEntries / 2)
    entries.push({ at: clock.now() - began, kind, run, text })
  }
  return {
    entries,
    tracer: runTracer(clock, current, note),
    note,
    log: createLog((level, message, fields) => {
      const { controller, key, ...rest } = fields
      const more = Object.entries(rest).map(([name, value]) => ` ${name}=${value}`)
      note('log', `${level}: ${message}${more.join('')}`, key ? `${controller} ${key}` : undefined)
    }),
    get writes() {
      return writes
    },
    recording: (client) => recorded(client, note, () => writes++),
    timeline: (count = 80) => entries.slice(-count).map(line).join('\n'),
  }
}

const line = (e: Entry): string => `${`+${e.at} ms`.padStart(12)}  ${e.kind.padEnd(9)} ${e.run ? `${e.run}: ` : ''}${e.text}`

/** Notes when each run of a reconcile begins and ends; it is `current` meanwhile. */
function runTracer(clock: Clock, current: AsyncLocalStorage<string>, note: Note): Tracer {
  const runs = new Map<string, number>()
  return {
    startActiveSpan<R>(spanName: string, { attributes = {} }: SpanOptions, run: (span: Span) => R): R {
      // Requests are told by `recording`, faults and all.
      if (spanName !== 'reconcile') return run(silentSpan)
      const key = `${attributes.controller} ${attributes.key}`
      const count = (runs.get(key) ?? 0) + 1
      runs.set(key, count)
      const name = `${key} #${count}`
      const started = clock.now()
      let failure = ''
      note('reconcile', 'begins', name)
      return current.run(name, () =>
        run({
          ...silentSpan,
          recordException: (error) => {
            failure = error.message
          },
          end: () => note('reconcile', `${failure ? `fails: ${failure}` : 'ends'} (${clock.now() - started} ms)`, name),
        }),
      )
    },
  }
}

/** `client`, whose requests and watch events are noted. `onWrite`: told of each write that was not refused. */
function recorded(client: Client, note: Note, onWrite: () => void): Client {
  const call: Around = async (about, send) => {
    const what = `${about.verb} ${about.resource.resource} ${placeOf(about)}`
    try {
      const answer = await send()
      if (about.writes) onWrite()
      note('request', what)
      return answer
    } catch (error) {
      note('request', `${what}: ${error instanceof StatusError ? `${error.code} ${error.message}` : String(error)}`)
      throw error
    }
  }
  return aroundClient(client, {
    call,
    async *watch(r, o) {
      for await (const batch of client.watch(r, o)) {
        for (const { type, object } of batch) if (type !== 'BOOKMARK') note('event', `${type} ${r.resource} ${keyOf(object)}`, '')
        yield batch
      }
    },
  })
}

const placeOf = ({ namespace, name, subresource }: Call): string =>
  [namespace, name, subresource].filter((part) => part).join('/')
