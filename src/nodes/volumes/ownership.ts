import { chmod, lchown, lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Gives a writable volume to group `gid`: every file group-owned and group-writable, folders with the setgid bit. With
 * `onlyOnMismatch` a volume whose root is right already is left alone.
 */
export async function giveToGroup(path: string, gid: number, onlyOnMismatch: boolean): Promise<void> {
  const root = await lstat(path)
  if (onlyOnMismatch && root.gid === gid && (root.mode & 0o2770) === 0o2770) return
  await giveEntry(path, gid)
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true }))
    await giveEntry(join(entry.parentPath, entry.name), gid)
}

async function giveEntry(path: string, gid: number): Promise<void> {
  const stat = await lstat(path)
  await lchown(path, stat.uid, gid)
  // chmod follows links, and the link's target may be anywhere.
  if (!stat.isSymbolicLink()) await chmod(path, (stat.mode & 0o7777) | (stat.isDirectory() ? 0o2770 : 0o660))
}
