import type { CustomResourceDefinition } from '../apimachinery/kinds.generated.ts'
import { customresourcedefinitions } from '../apimachinery/resources.generated.ts'
import type { Client } from '../client/client.ts'

const deadlineMs = 30_000

export const isEstablished = (definition: CustomResourceDefinition): boolean =>
  definition.status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True') ?? false

/** Applies a definition and waits until it is served. Throws Error when it is not within 30 s. */
export async function installDefinition(
  client: Client,
  definition: object,
  signal: AbortSignal,
  fieldManager: string,
): Promise<void> {
  const options = { fieldManager, force: true, signal }
  const applied = await client.apply(customresourcedefinitions, definition as CustomResourceDefinition, options)
  await established(client, applied, signal)
}

/** Waits until a definition that was applied is served. Throws Error when it is not within 30 s. */
export async function established(client: Client, applied: CustomResourceDefinition, signal: AbortSignal): Promise<void> {
  if (isEstablished(applied)) return
  const { name } = applied.metadata
  const watch = client.watch(customresourcedefinitions, {
    fieldSelector: `metadata.name=${name}`,
    signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
    sendInitialEvents: true,
    resourceVersionMatch: 'NotOlderThan',
    allowWatchBookmarks: true,
  })
  for await (const batch of watch)
    for (const { type, object } of batch) {
      if (type === 'BOOKMARK') continue
      const refused = object.status?.conditions?.find((c) => c.type === 'NamesAccepted' && c.status === 'False')
      if (refused) throw new Error(`${name} is not served: ${refused.message}`)
      if (isEstablished(object)) return
    }
  signal.throwIfAborted()
  throw new Error(`${name} was not established within ${deadlineMs / 1000} s`)
}
