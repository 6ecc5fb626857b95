import { type Clock, sleep } from '../../apimachinery/clock.ts'
import { apiVersionOf, type Resource } from '../../apimachinery/resource.ts'
import { customresourcedefinitions } from '../../apimachinery/resources.generated.ts'
import type { Client } from '../../client/client.ts'
import { createInformer } from '../../client/informer.ts'
import type { Log } from '../log.ts'

interface ServedOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly signal: AbortSignal
  readonly log: Log
}

/** Kinds that come otherwise than by a definition (another API server's), and clusters whose definitions we may not read. */
const askAgainMs = 30_000
/** A kind is served a moment after its definition says so. */
const settleMs = 200

/** Resolves when `resource` is served, or the signal aborts. Says in the log, and to `missing`, that it waits. */
export async function whenServed(
  client: Client,
  resource: Resource,
  options: ServedOptions,
  missing?: () => void,
): Promise<void> {
  const { clock, random, signal, log } = options
  if (await isServed(client, resource, signal)) return
  const what = `${resource.resource} of ${apiVersionOf(resource)}`
  log.warn('WaitingForKind: not served yet', { kind: what })
  missing?.()
  const ended = new AbortController()
  const until = AbortSignal.any([signal, ended.signal])
  let changed = Promise.withResolvers<void>()
  const fieldSelector = `metadata.name=${resource.resource}.${resource.group}`
  const definitions = createInformer(client, customresourcedefinitions, { fieldSelector, clock, random })
  definitions.onChange(() => changed.resolve())
  definitions.start(until)
  // A server that is starting itself is asked again soon.
  for (let waitMs = 1000; !signal.aborted; waitMs = Math.min(askAgainMs, waitMs * 2)) {
    await Promise.race([changed.promise, sleep(clock, waitMs, signal)])
    changed = Promise.withResolvers()
    await sleep(clock, settleMs, signal)
    if (await isServed(client, resource, signal)) break
  }
  ended.abort()
  if (!signal.aborted) log.info('kind is served', { kind: what })
}

/** Asks discovery. A server that does not answer counts as no. */
async function isServed(client: Client, resource: Resource, signal: AbortSignal): Promise<boolean> {
  const path = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  try {
    const answer = await client.raw({ method: 'GET', path, headers: { accept: 'application/json' }, signal })
    const pieces: Uint8Array[] = []
    for await (const piece of answer.body) pieces.push(piece)
    if (answer.status !== 200) return false
    const list = JSON.parse(Buffer.concat(pieces).toString()) as { resources?: { name: string }[] }
    return list.resources?.some((r) => r.name === resource.resource) ?? false
  } catch {
    return false
  }
}
