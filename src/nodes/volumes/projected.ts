import type { VolumeProjection } from '../../apimachinery/kinds.generated.ts'
import { type PayloadFile, writeAtomically } from './atomic-writer.ts'
import { type VolumeContext, type VolumeKind, volumeDir } from './kind.ts'
import { mountTmpfs } from './mount-table.ts'
import { configMapFiles, defaultMode, downwardFiles, groupOf, secretFiles } from './payload.ts'
import { tokenFile } from './service-account-token.ts'

type Part = { files: [string, PayloadFile][]; refreshAt?: number }

async function filesOf(source: VolumeProjection, volume: string, context: VolumeContext, mode: number): Promise<Part> {
  if (source.configMap) {
    const { name = '', items, optional = false } = source.configMap
    return { files: await configMapFiles(context, { name, items, optional, mode }) }
  }
  if (source.secret) {
    const { name = '', items, optional = false } = source.secret
    return { files: await secretFiles(context, { name, items, optional, mode }) }
  }
  if (source.downwardAPI) return { files: downwardFiles(context, source.downwardAPI.items, mode) }
  if (source.serviceAccountToken) {
    const { file, refreshAt } = await tokenFile(context, volume, source.serviceAccountToken, mode)
    return { files: [file], refreshAt }
  }
  const [kind = 'empty'] = Object.keys(source)
  throw new Error(`projected volume source ${kind} is not supported by this node`)
}

export const projectedVolume: VolumeKind = {
  field: 'projected',
  async setUp(volume, context) {
    const path = volumeDir(context, 'projected', volume.name)
    const mode = volume.projected?.defaultMode ?? defaultMode
    const parts = await Promise.all((volume.projected?.sources ?? []).map((s) => filesOf(s, volume.name, context, mode)))
    await mountTmpfs(path, ['mode=0755'])
    await writeAtomically(path, new Map(parts.flatMap((p) => p.files)), groupOf(context.pod))
    const times = parts.map((p) => p.refreshAt).filter((t) => t !== undefined)
    return { path, readOnly: true, ...(times.length > 0 ? { refreshAt: Math.min(...times) } : {}) }
  },
}
