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

export interface RegistrationOptions {
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

export function createRegistration(options: RegistrationOptions): Registration {
  const { client, clock, log, name, signal } = options
  let notReady: string | undefined
  let isDirty = false
  let isWriting = false
  let writing = Promise.resolve()
  let cancel = () => {}

  const current = async (known: Node | undefined): Promise<NodeStatus> => {
    const disk = await statfs(options.dataDir)
    const images = await imagesOf(options.docker).catch(() => known?.status?.images ?? [])
    const free = { memory: freemem() / totalmem(), disk: disk.bavail / disk.blocks }
    return nodeStatus({ ...options, images, notReady, free }, known, clock.now())
  }
  const ensure = async (): Promise<Node> => {
    const labels = nodeLabels(options)
    const status = await current(undefined)
    signal.throwIfAborted()
    try {
      return await client.create(nodes, {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name, labels, annotations },
        spec: {},
        status,
      })
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
    return client.patch(nodes, name, { type: 'strategic', body: { metadata: { labels, annotations } } })
  }
  const writeStatus = async (known: Node | undefined, isHeartbeat: boolean) => {
    const status = await current(known)
    if (!isHeartbeat && sameButHeartbeat(known?.status, status)) return
    const body = { status: { ...status, addresses: [{ $patch: 'replace' }, ...(status.addresses ?? [])] } }
    await client.patch(nodes, name, { type: 'strategic', body }, { subresource: 'status' })
  }
  /** One writer at a time; what changes meanwhile is written after. */
  const update = async (isHeartbeat: boolean, known = options.known()) => {
    isDirty = true
    if (isWriting) return
    isWriting = true
    while (isDirty && !signal.aborted) {
      isDirty = false
      try {
        await writeStatus(known, isHeartbeat)
      } catch (error) {
        if (isNotFound(error)) await ensure().catch(() => undefined)
        log.error('node status not written', error, { node: name })
        isDirty = true
        await sleep(clock, retryMs, signal)
      }
      known = options.known()
    }
    isWriting = false
    cancel()
    if (!signal.aborted) cancel = clock.after(heartbeatMs, () => track(update(true)))
  }
  const track = (work: Promise<void>): void => {
    writing = Promise.all([writing, work]).then(() => {})
  }
  const registered = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        return await update(false, await ensure())
      } catch (error) {
        if (signal.aborted) return
        log.error('node not registered', error, { node: name })
        await sleep(clock, retryMs, signal)
      }
    }
  }
  signal.addEventListener('abort', () => cancel())
  return {
    register() {
      writing = registered()
      return writing
    },
    setNotReady(why) {
      if (notReady === why) return
      notReady = why
      track(update(false))
    },
    written: () => writing,
  }
}
