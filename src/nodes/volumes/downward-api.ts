import { writeAtomically } from './atomic-writer.ts'
import { type VolumeKind, volumeDir } from './kind.ts'
import { defaultMode, downwardFiles, groupOf } from './payload.ts'

export const downwardApiVolume: VolumeKind = {
  field: 'downwardAPI',
  async setUp(volume, context) {
    const path = volumeDir(context, 'downward-api', volume.name)
    const files = downwardFiles(context, volume.downwardAPI?.items, volume.downwardAPI?.defaultMode ?? defaultMode)
    await writeAtomically(path, new Map(files), groupOf(context.pod))
    return { path, readOnly: true }
  },
}
