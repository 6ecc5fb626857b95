import { createHash } from 'node:crypto'
import { type Application, builtInRepository } from '../application/application.ts'
import type { Repositories } from '../git/repositories.ts'
import { filesOf, type TreeFile } from '../git/tree.ts'
import type { Code } from './messages.ts'
import type { PackageSource } from './packages.ts'

/** What the modules of an Application are at the commit that it is synced to. */
export interface CommittedCode {
  readonly commit: string
  readonly code: Code
  /** Changes when a module does, not with manifests. */
  readonly digest: string
  /** All files below the source path. */
  readonly files: readonly TreeFile[]
  /** Where they are. */
  readonly source: PackageSource
}

const maxBytes = 4 << 20

/** The commit that an Application was last synced to, also while it is synced to another or could not be; undefined before its first sync. */
export function syncedCommit({ status }: Application): string | undefined {
  const { operationState, history } = status ?? {}
  if (operationState?.phase === 'Succeeded') return operationState.syncResult?.revision
  return history?.at(-1)?.revision
}

/** The modules of a commit, read from the bare repository. Throws Error for a repository of another server, and for too much code. */
export async function codeAt(repositories: Repositories, app: Application, commit: string): Promise<CommittedCode> {
  const { repoURL = '', path = '.' } = app.spec.source ?? {}
  const repository = builtInRepository(repoURL)
  if (!repository) throw new Error(`${repoURL} is not a repository of the built-in Git server`)
  const gitdir = repositories.pathOf(repository)
  const all = await filesOf(gitdir, commit, path)
  const modules = all.filter((file) => /\.(m?[jt]s|json)$/.test(file.path) && !file.path.split('/').includes('node_modules'))
  const code: Record<string, string> = {}
  let bytes = 0
  for (const file of modules) {
    const text = Buffer.from(await file.read()).toString()
    bytes += text.length
    if (bytes > maxBytes)
      throw new Error(`the repository has more than ${maxBytes >> 20} MiB of modules: keep operators in one of their own`)
    code[file.path] = text
  }
  const digest = createHash('sha256')
    .update(modules.map((m) => `${m.path} ${m.oid}\n`).join(''))
    .digest('hex')
    .slice(0, 16)
  return { commit, code, digest, files: all, source: { gitdir, commit, path } }
}
