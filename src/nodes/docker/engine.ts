import type Docker from 'dockerode'
import { label } from './labels.ts'
import { type ObservedContainer, observe } from './observed.ts'

export const isGone = (error: unknown): boolean => (error as { statusCode?: number }).statusCode === 404
const isUnchanged = (error: unknown): boolean => (error as { statusCode?: number }).statusCode === 304

/** The text of Docker's error, without dockerode's prefix. */
export function dockerMessage(error: unknown): string {
  const json = (error as { json?: { message?: string } }).json
  return json?.message ?? (error instanceof Error ? error.message : String(error))
}

/** What happened to a container of ours, from Docker's event stream. */
export interface EngineEvent {
  readonly containerId: string
  readonly podUid: string
  readonly action: string
}

/** The Docker daemon as one node of one cluster sees it: only its own containers. */
export interface Engine {
  readonly docker: Docker
  readonly network: string
  readonly labels: Readonly<Record<string, string>>
  /** Every container of this node. */
  listAll(): Promise<ObservedContainer[]>
  /** Undefined when it is gone. */
  inspect(id: string): Promise<ObservedContainer | undefined>
  create(options: Docker.ContainerCreateOptions): Promise<string>
  start(id: string): Promise<void>
  /** Sends `signal`; a container that has ended already is fine. */
  signal(id: string, signal: string): Promise<void>
  /** Kills and removes; one that is gone is fine. */
  remove(id: string): Promise<void>
  /** Starts, stops and removals of this node's containers until the stream breaks or `signal` aborts. `onOpen`: events flow now. */
  follow(onOpen: () => void, onEvent: (event: EngineEvent) => void, signal: AbortSignal): Promise<void>
}

export function connectEngine(docker: Docker, owner: { clusterId: string; node: string; network: string }): Engine {
  const labels = { [label.cluster]: owner.clusterId, [label.node]: owner.node }
  const filters = { label: Object.entries(labels).map(([key, value]) => `${key}=${value}`) }
  const inspect = async (id: string): Promise<ObservedContainer | undefined> => {
    try {
      return observe(await docker.getContainer(id).inspect(), owner.network)
    } catch (error) {
      if (isGone(error)) return undefined
      throw error
    }
  }
  return {
    docker,
    network: owner.network,
    labels,
    inspect,
    async listAll() {
      const found = await docker.listContainers({ all: true, filters })
      return (await Promise.all(found.map((c) => inspect(c.Id)))).filter((c) => c !== undefined)
    },
    create: (options) => createReplacing(docker, options),
    async start(id) {
      await docker.getContainer(id).start().catch(ignoring(isUnchanged))
    },
    async signal(id, signal) {
      // 409: it does not run (any more).
      const isOver = (error: unknown) => isGone(error) || (error as { statusCode?: number }).statusCode === 409
      await docker.getContainer(id).kill({ signal }).catch(ignoring(isOver))
    },
    async remove(id) {
      // 409: its removal is already in progress.
      const isOver = (error: unknown) => isGone(error) || (error as { statusCode?: number }).statusCode === 409
      await docker.getContainer(id).remove({ force: true, v: true }).catch(ignoring(isOver))
    },
    follow: (onOpen, onEvent, signal) => followEvents(docker, filters, onOpen, onEvent, signal),
  }
}

function ignoring(isFine: (error: unknown) => boolean): (error: unknown) => void {
  return (error) => {
    if (!isFine(error)) throw error
  }
}

/** A name can be taken by a container that was created just before a crash: that one is removed. */
async function createReplacing(docker: Docker, options: Docker.ContainerCreateOptions): Promise<string> {
  try {
    return (await docker.createContainer(options)).id
  } catch (error) {
    const isTaken = (error as { statusCode?: number }).statusCode === 409 && dockerMessage(error).includes('is already in use by')
    if (!isTaken || !options.name) throw error
    await docker.getContainer(options.name).remove({ force: true })
    return (await docker.createContainer(options)).id
  }
}

async function followEvents(
  docker: Docker,
  filters: { label: string[] },
  onOpen: () => void,
  onEvent: (event: EngineEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const stream = await docker.getEvents({
    filters: { ...filters, type: ['container'], event: ['start', 'die', 'destroy', 'oom'] },
    abortSignal: signal,
  })
  onOpen()
  let rest = ''
  for await (const chunk of stream) {
    const lines = `${rest}${chunk.toString()}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') continue
      const event = JSON.parse(line) as { Action: string; Actor: { ID: string; Attributes: Record<string, string> } }
      onEvent({ containerId: event.Actor.ID, podUid: event.Actor.Attributes[label.podUid] ?? '', action: event.Action })
    }
  }
}
