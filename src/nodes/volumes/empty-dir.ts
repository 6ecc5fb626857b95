import { chmod, mkdir, stat } from 'node:fs/promises'
import { quantityValue } from '../../apimachinery/quantity.ts'
import { type VolumeKind, volumeDir } from './kind.ts'
import { mountTmpfs } from './mount-table.ts'
import { giveToGroup } from './ownership.ts'
import { groupOf } from './payload.ts'

export const emptyDirVolume: VolumeKind = {
  field: 'emptyDir',
  async setUp(volume, context) {
    const { medium = '', sizeLimit } = volume.emptyDir ?? {}
    const path = volumeDir(context, 'empty-dir', volume.name)
    const isNew = await stat(path).then(
      () => false,
      () => true,
    )
    if (medium === 'Memory') {
      const size = quantityValue(sizeLimit)
      await mountTmpfs(path, ['mode=0777', ...(size > 0 ? [`size=${size}`] : [])])
    } else if (medium === '') await mkdir(path, { recursive: true })
    else throw new Error(`emptyDir medium ${JSON.stringify(medium)} is not supported by this node`)
    if (isNew) {
      await chmod(path, 0o777)
      const group = groupOf(context.pod)
      if (group !== undefined) await giveToGroup(path, group, false)
      if (group !== undefined) await chmod(path, 0o2777)
    }
    return { path }
  },
}
