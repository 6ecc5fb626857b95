import type { Stats } from 'node:fs'
import { mkdir, open, stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import type { VolumeKind } from './kind.ts'

const checks: Record<string, { is: (s: Stats) => boolean; what: string }> = {
  Directory: { is: (s) => s.isDirectory(), what: 'a directory' },
  DirectoryOrCreate: { is: (s) => s.isDirectory(), what: 'a directory' },
  File: { is: (s) => s.isFile(), what: 'a file' },
  FileOrCreate: { is: (s) => s.isFile(), what: 'a file' },
  Socket: { is: (s) => s.isSocket(), what: 'a socket file' },
  CharDevice: { is: (s) => s.isCharacterDevice(), what: 'a character device' },
  BlockDevice: { is: (s) => s.isBlockDevice(), what: 'a block device' },
}

/** Checks (and for the OrCreate types makes) what a hostPath of `type` is to be. */
export async function checkHostPath(path: string, type: string): Promise<void> {
  if (!isAbsolute(path) || path.split('/').includes('..'))
    throw new Error(`hostPath ${JSON.stringify(path)} must be absolute, without ".."`)
  if (type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 })
  if (type === 'FileOrCreate') await (await open(path, 'a', 0o644)).close()
  // Without a type Docker's bind needs something there: a folder, as every runtime makes.
  if (type === '') {
    await stat(path).catch(() => mkdir(path, { recursive: true }))
    return
  }
  const check = checks[type]
  if (!check) throw new Error(`hostPath type ${JSON.stringify(type)} does not exist`)
  const found = await stat(path).catch(() => undefined)
  if (!found || !check.is(found)) throw new Error(`hostPath type check failed: ${path} is not ${check.what}`)
}

export const hostPathVolume: VolumeKind = {
  field: 'hostPath',
  async setUp(volume) {
    const { path = '', type = '' } = volume.hostPath ?? {}
    await checkHostPath(path, type)
    return { path }
  },
}
