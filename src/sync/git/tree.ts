import fs from 'node:fs'
import { readBlob, readTree, type TreeEntry } from 'isomorphic-git'

/** A file of a commit, read when asked for. */
export interface TreeFile {
  /** From the folder that was asked for, with `/`. */
  readonly path: string
  readonly oid: string
  /** Throws when it is larger than the reader's limit. */
  readonly read: () => Promise<Uint8Array>
}

export class TreeError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'TreeError'
  }
}

interface TreeLimits {
  readonly maxFiles: number
  readonly maxFileBytes: number
}

const defaultLimits: TreeLimits = { maxFiles: 20_000, maxFileBytes: 5 << 20 }

/**
 * The files below `folder` of a commit, straight from the bare repository, in path order. Symbolic links and submodules are left out:
 * nothing outside the tree is ever read. Throws TreeError when the folder is not there or the tree is too large.
 */
export async function filesOf(
  gitdir: string,
  commit: string,
  folder: string,
  options: { readonly recurse?: boolean; readonly limits?: TreeLimits } = {},
): Promise<TreeFile[]> {
  const limits = options.limits ?? defaultLimits
  const cache = {}
  const root = folder.replace(/^\.?\/*|\/+$/g, '').replace(/^\.$/, '')
  if (root.split('/').includes('..')) throw new TreeError(`path ${folder}: '..' is not allowed`)
  const top = await readTree({ fs, gitdir, oid: commit, cache, ...(root ? { filepath: root } : {}) }).catch(() => {
    throw new TreeError(`path ${folder || '.'} is not a folder of commit ${commit.slice(0, 7)}`)
  })
  const files: TreeFile[] = []
  const visit = async (entries: readonly TreeEntry[], prefix: string): Promise<void> => {
    for (const entry of entries) {
      const path = prefix + entry.path
      if (entry.type === 'tree' && (options.recurse ?? true)) {
        await visit((await readTree({ fs, gitdir, oid: entry.oid, cache })).tree, `${path}/`)
      } else if (entry.type === 'blob' && entry.mode !== '120000') {
        if (files.length === limits.maxFiles) throw new TreeError(`more than ${limits.maxFiles} files below ${folder || '.'}`)
        files.push({ path, oid: entry.oid, read: () => read(gitdir, entry.oid, path, limits, cache) })
      }
    }
  }
  await visit(top.tree, '')
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function read(gitdir: string, oid: string, path: string, limits: TreeLimits, cache: object): Promise<Uint8Array> {
  const { blob } = await readBlob({ fs, gitdir, oid, cache })
  if (blob.length > limits.maxFileBytes)
    throw new TreeError(`${path} has ${blob.length} bytes; a manifest may have ${limits.maxFileBytes}`)
  return blob
}
