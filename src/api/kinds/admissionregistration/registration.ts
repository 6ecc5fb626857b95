import type { KubeObject } from '../../../apimachinery/object.ts'

const suffix = '.static.k8s.io'

/** Names that files on the server's disk are to have are warned of at creation. */
function staticNameWarnings({ metadata }: KubeObject, old: KubeObject | undefined): string[] {
  if (old || !metadata.name?.endsWith(suffix)) return []
  const why = 'are reserved for static manifest-based configurations and cannot be managed via the API'
  return [`metadata.name: names ending with "${suffix}" ${why}`]
}

/** What all kinds of this group have in common. */
export const registration = { warnings: staticNameWarnings, allowUnconditionalUpdate: false, anyFinalizer: true } as const
