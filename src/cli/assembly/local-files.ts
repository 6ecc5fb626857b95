import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { TreeFile } from '../../sync/git/tree.ts'

/** The files below a local folder, without .git and other dot-folders. */
export async function localFiles(folder: string): Promise<TreeFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name))
  return paths
    .map((full) => ({ path: relative(folder, full).split(sep).join('/'), full }))
    .filter(({ path }) => !path.split('/').some((part) => part.startsWith('.')))
    .map(({ path, full }) => ({ path, oid: '', read: () => readFile(full) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}
