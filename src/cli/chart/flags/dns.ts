// --enable-dns: getHostByName asks the resolver of this machine. Without it, names give an empty text, as with Helm.
import type { RenderOptions } from '../../../helmlike/render/render.ts'
import type { Flags } from './flags.ts'

/** The part of a render's host that the flags ask for. */
export async function hostOf(flags: Flags): Promise<Pick<RenderOptions, 'host'>> {
  if (!flags.has('enable-dns')) return {}
  const { HostWaits } = await import('../../../helmlike/render/engine.ts')
  const known = new Map<string, string>()
  return {
    host: {
      hostByName: (name) => {
        const found = known.get(name)
        if (found !== undefined) return found
        throw new HostWaits(async () => void known.set(name, await addressOf(name)))
      },
    },
  }
}

/** One of the addresses of a name; '' where there is none. */
async function addressOf(name: string): Promise<string> {
  const { promises } = process.getBuiltinModule('node:dns')
  try {
    return (await promises.lookup(name)).address
  } catch {
    return ''
  }
}
