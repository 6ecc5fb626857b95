import { statfs } from 'node:fs/promises'
import { freemem, totalmem } from 'node:os'
import type Docker from 'dockerode'
import { type Clock, sleep } from '../apimachinery/clock.ts'
import type { Node, NodeStatus } from '../apimachinery/kinds.generated.ts'
import { nodes } from '../apimachinery/resources.generated.ts'
import { isAlreadyExists, isNotFound } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import { sameStatus } from '../operators/equality.ts'
import type { Log } from '../operators/log.ts'
import { imagesOf, type MachineFacts, nodeLabels, nodeStatus } from './node-object.ts'

const retryMs = 1000
/** Without a change the status is written this often, for its heartbeat. */
const heartbeatMs = 300_000

interface RegistrationOptions {
  readonly client: Client
  readonly docker: Docker
  readonly clock: Clock
  readonly log: Log
  readonly name: string
  readonly addresses: readonly string[]
  readonly machine: MachineFacts
  readonly kubeletPort: number
  readonly dataDir: string
  /** The node as the API has it, from its watch. */
  readonly known: () => Node | undefined
  readonly signal: AbortSignal
}

/** Keeps the Node object true. */
export interface Registration {
  /** Makes the object, or brings its labels up to date; tries until the API answers. */
  register(): Promise<void>
  /** Says why pods cannot run (or that they can: undefined), at once. */
  setNotReady(why: string | undefined): void
  /** Resolves when nothing is being written; after `signal`, nothing will be. */
  written(): Promise<void>
}

const annotations = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' }

/** Equal but for the times of heartbeats. */
function sameButHeartbeat(a: NodeStatus | undefined, b: NodeStatus): boolean {
  const bare = (s: NodeStatus | undefined) => ({
    ...s,
    conditions: (s?.conditions ?? []).map(({ lastHeartbeatTime: _, ...rest }) => rest),
  })
  const ours = Object.fromEntries(Object.keys(b).map((key) => [key, a?.[key as keyof NodeStatus]]))
  return sameStatus(bare(ours), bare(b))
}

export const createRegistration = (options: RegistrationOptions): Registration => new NodeRegistration(options)

class NodeRegistration implements Registration {
  readonly #options: RegistrationOptions
  #notReady: string | undefined
  #isDirty = false
  #isWriting = false
  #writing = Promise.resolve()
  #cancel = () => {}

  constructor(options: RegistrationOptions) {
    this.#options = options
    options.signal.addEventListener('abort', () => this.#cancel())
  }

  register(): Promise<void> {
    this.#writing = this.#registered()
    return this.#writing
  }

  setNotReady(why: string | undefined): void {
    if (this.#notReady === why) return
    this.#notReady = why
    this.#track(this.#update(false))
  }

  written(): Promise<void> {
    return this.#writing
  }

  #track(work: Promise<void>): void {
    this.#writing = Promise.all([this.#writing, work]).then(() => {})
  }

  async #registered(): Promise<void> {
    const { clock, log, name, signal } = this.#options
    while (!signal.aborted) {
      try {
        return await this.#update(false, await this.#ensure())
      } catch (error) {
        if (signal.aborted) return
        log.error('node not registered', error, { node: name })
        await sleep(clock, retryMs, signal)
      }
    }
  }

  async #ensure(): Promise<Node> {
    const { client, name, signal } = this.#options
    const labels = nodeLabels(this.#options)
    const status = await this.#current(undefined)
    signal.throwIfAborted()
    const metadata = { name, labels, annotations }
    try {
      return await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata, spec: {}, status })
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
    return client.patch(nodes, name, { type: 'strategic', body: { metadata: { labels, annotations } } })
  }

  /** One writer at a time; what changes meanwhile is written after. */
  async #update(isHeartbeat: boolean, first = this.#options.known()): Promise<void> {
    const { clock, log, name, signal } = this.#options
    let known = first
    this.#isDirty = true
    if (this.#isWriting) return
    this.#isWriting = true
    while (this.#isDirty && !signal.aborted) {
      this.#isDirty = false
      try {
        await this.#writeStatus(known, isHeartbeat)
      } catch (error) {
        if (isNotFound(error)) await this.#ensure().catch(() => undefined)
        log.error('node status not written', error, { node: name })
        this.#isDirty = true
        await sleep(clock, retryMs, signal)
      }
      known = this.#options.known()
    }
    this.#isWriting = false
    this.#cancel()
    if (!signal.aborted) this.#cancel = clock.after(heartbeatMs, () => this.#track(this.#update(true)))
  }

  async #writeStatus(known: Node | undefined, isHeartbeat: boolean): Promise<void> {
    const { client, name } = this.#options
    const status = await this.#current(known)
    if (!isHeartbeat && sameButHeartbeat(known?.status, status)) return
    const body = { status: { ...status, addresses: [{ $patch: 'replace' }, ...(status.addresses ?? [])] } }
    await client.patch(nodes, name, { type: 'strategic', body }, { subresource: 'status' })
  }

  async #current(known: Node | undefined): Promise<NodeStatus> {
    const { docker, dataDir, clock } = this.#options
    const disk = await statfs(dataDir)
    const images = await imagesOf(docker).catch(() => known?.status?.images ?? [])
    const free = { memory: freemem() / totalmem(), disk: disk.bavail / disk.blocks }
    return nodeStatus({ ...this.#options, images, notReady: this.#notReady, free }, known, clock.now())
  }
}
