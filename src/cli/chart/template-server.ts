// `template --dry-run=server`: the cluster's versions and lookups, and whether it knows every kind that is rendered.
import type { Rendered, RenderOptions } from '../../helmlike/render/render.ts'
import type { Flags } from './flags/flags.ts'
import { connectBy } from './release.ts'

interface Asked {
  readonly namespace: string
  readonly options: Pick<RenderOptions, 'capabilities' | 'host'>
  /** Throws Error for the first kind that the cluster does not have. */
  check(r: Rendered): Promise<void>
}

export async function askCluster(flags: Flags): Promise<Asked> {
  const { releases, namespace } = await connectBy(flags)
  return {
    namespace,
    options: await releases.asked(),
    check: async (r) => {
      for (const m of r.manifests) {
        if (m.kind === '') continue
        try {
          await releases.cluster.resourceOf(m.apiVersion, m.kind)
        } catch (e) {
          throw new Error(
            `unable to build kubernetes objects from release manifest: resource mapping not found for name: ${JSON.stringify(m.name)} of ${m.path}: ${(e as Error).message}`,
          )
        }
      }
    },
  }
}
