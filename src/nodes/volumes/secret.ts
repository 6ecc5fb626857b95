import { writeAtomically } from './atomic-writer.ts'
import { type VolumeKind, volumeDir } from './kind.ts'
import { mountTmpfs } from './mount-table.ts'
import { defaultMode, groupOf, secretFiles } from './payload.ts'

export const secretVolume: VolumeKind = {
  field: 'secret',
  async setUp(volume, context) {
    const source = volume.secret ?? {}
    const path = volumeDir(context, 'secret', volume.name)
    const mode = source.defaultMode ?? defaultMode
    const files = await secretFiles(context, {
      name: source.secretName ?? '',
      items: source.items,
      optional: source.optional ?? false,
      mode,
    })
    // Secrets never reach a disk.
    await mountTmpfs(path, ['mode=0755'])
    await writeAtomically(path, new Map(files), groupOf(context.pod))
    return { path, readOnly: true }
  },
}
