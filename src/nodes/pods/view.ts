import type { Container, EphemeralContainer, Pod } from '../../apimachinery/kinds.generated.ts'
import type { ObservedContainer } from '../docker/observed.ts'

/** Why a container does not run although it should: what its status says, and when to try again. */
export interface Waiting {
  readonly reason: string
  readonly message: string
  /** Milliseconds since 1970. */
  readonly retryAt: number
  /** Attempts that failed for this reason without success in between; the back-off grows with it. */
  readonly failures: number
}

/** What the probes of one running container have found. */
export interface Health {
  /** The startup probe has passed (or there is none). */
  readonly started: boolean
  readonly ready: boolean
  /** Set once the liveness or startup probe has failed too often: the container is to be killed. */
  readonly unhealthy?: { readonly probe: 'Liveness' | 'Startup'; readonly graceSeconds?: number }
}

/** What only the agent's memory knows of a pod; all of it is found again after a restart by trying. */
export interface Memory {
  /** 'volumes', 'sandbox', 'teardown', 'delete', `start:<container>`, `remove:<id>`: what is being done at this moment. */
  readonly inFlight: ReadonlySet<string>
  readonly volumes: 'unknown' | 'ready' | 'gone'
  /** By container name, 'volumes' or 'sandbox'. */
  readonly waiting: ReadonlyMap<string, Waiting>
  /** By container id. */
  readonly health: ReadonlyMap<string, Health>
  /** The whole pod was ended by the agent: by its deadline, by eviction, because it may not run here. */
  readonly failed?: { readonly reason: string; readonly message: string }
}

/** A pod as desired (API) and as it is (Docker, memory): everything that `decide` and `statusOf` look at. */
export interface PodView {
  readonly pod: Pod
  /** The object is gone from the API, so that only its containers are left. */
  readonly removed: boolean
  readonly observed: readonly ObservedContainer[]
  readonly memory: Memory
}

export type AnyContainer = Container | EphemeralContainer

export const isSidecar = (c: Container): boolean => c.restartPolicy === 'Always'

/** The newest attempt of `name`, if any. */
export function latest(view: PodView, name: string): ObservedContainer | undefined {
  return view.observed.reduce<ObservedContainer | undefined>(
    (best, c) => (c.role !== 'sandbox' && c.name === name && (!best || c.attempt > best.attempt) ? c : best),
    undefined,
  )
}

/** The attempt before the newest one, if it is still known. */
export function previous(view: PodView, name: string): ObservedContainer | undefined {
  const attempts = view.observed.filter((c) => c.role !== 'sandbox' && c.name === name)
  return attempts.sort((a, b) => b.attempt - a.attempt)[1]
}

export const sandboxes = (view: PodView): ObservedContainer[] =>
  view.observed.filter((c) => c.role === 'sandbox').sort((a, b) => b.attempt - a.attempt)

export const runningSandbox = (view: PodView): ObservedContainer | undefined => sandboxes(view).find((s) => s.state === 'running')

export const runningContainers = (view: PodView): ObservedContainer[] =>
  view.observed.filter((c) => c.role !== 'sandbox' && c.state === 'running')

export const isStarting = (view: PodView): boolean => [...view.memory.inFlight].some((key) => key.startsWith('start:'))
