import type { KubeObject } from '../../../apimachinery/object.ts'

const suffix = '.static.k8s.io'

/** Names that files on the server's disk are to have are warned of at creation. */
export function staticNameWarnings({ metadata }: KubeObject, old: KubeObject | undefined): string[] {
  if (old || !metadata.name?.endsWith(suffix)) return []
  const why = 'are reserved for static manifest-based configurations and cannot be managed via the API'
  return [`metadata.name: names ending with "${suffix}" ${why}`]
}
