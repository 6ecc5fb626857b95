import type { ConfigMap, KeyToPath, Pod, Secret } from '../../apimachinery/kinds.generated.ts'
import { fieldValue, resourceValue } from '../pods/downward.ts'
import type { PayloadFile } from './atomic-writer.ts'
import type { VolumeContext } from './kind.ts'

export const defaultMode = 0o644

type Files = [path: string, file: PayloadFile][]

function select(
  data: ReadonlyMap<string, Buffer>,
  items: readonly KeyToPath[] | undefined,
  mode: number,
  missing: (key: string) => Error | undefined,
): Files {
  if (!items || items.length === 0) return [...data].map(([key, content]) => [key, { content, mode }])
  const files: Files = []
  for (const item of items) {
    const content = data.get(item.key)
    const error = content ? undefined : missing(item.key)
    if (error) throw error
    if (content) files.push([item.path, { content, mode: item.mode ?? mode }])
  }
  return files
}

interface Reference {
  readonly name: string
  readonly items: readonly KeyToPath[] | undefined
  readonly optional: boolean
  readonly mode: number
}

export async function configMapFiles(context: VolumeContext, ref: Reference): Promise<Files> {
  const namespace = context.pod.metadata.namespace ?? ''
  const found: ConfigMap | undefined = await context.sources.configMap(namespace, ref.name)
  if (!found && !ref.optional) throw new Error(`configmap "${ref.name}" not found`)
  const data = new Map<string, Buffer>()
  for (const [key, text] of Object.entries(found?.data ?? {})) data.set(key, Buffer.from(text))
  for (const [key, base64] of Object.entries(found?.binaryData ?? {})) data.set(key, Buffer.from(String(base64), 'base64'))
  return select(data, found ? ref.items : undefined, ref.mode, (key) =>
    ref.optional ? undefined : new Error(`configmap references non-existent config key: ${key}`),
  )
}

export async function secretFiles(context: VolumeContext, ref: Reference): Promise<Files> {
  const namespace = context.pod.metadata.namespace ?? ''
  const found: Secret | undefined = await context.sources.secret(namespace, ref.name)
  if (!found && !ref.optional) throw new Error(`secret "${ref.name}" not found`)
  const data = new Map<string, Buffer>()
  for (const [key, base64] of Object.entries(found?.data ?? {})) data.set(key, Buffer.from(base64, 'base64'))
  return select(data, found ? ref.items : undefined, ref.mode, (key) =>
    ref.optional ? undefined : new Error(`references non-existent secret key: ${key}`),
  )
}

type DownwardItem = NonNullable<NonNullable<NonNullable<Pod['spec']>['volumes']>[number]['downwardAPI']>['items']

export function downwardFiles(context: VolumeContext, items: DownwardItem, mode: number): Files {
  return (items ?? []).map((item) => {
    const text = item.fieldRef
      ? fieldValue(context.pod, item.fieldRef.fieldPath, context)
      : item.resourceFieldRef
        ? resourceValue(context.pod, item.resourceFieldRef, context.allocatable)
        : ''
    return [item.path, { content: Buffer.from(text), mode: item.mode ?? mode }]
  })
}

/** The group that the pod's volumes belong to. */
export const groupOf = (pod: Pod): number | undefined => pod.spec?.securityContext?.fsGroup
