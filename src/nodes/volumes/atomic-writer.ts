import { randomBytes } from 'node:crypto'
import { chmod, chown, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'

export interface PayloadFile {
  readonly content: Buffer
  readonly mode: number
  readonly uid?: number
}

/** Relative path → file. */
type Payload = ReadonlyMap<string, PayloadFile>

const dataLink = '..data'

/** Throws for a path that would leave the volume: absolute, with `..` parts, or that begins with `..`. */
function checkPayloadPath(path: string): void {
  if (path === '' || path.startsWith('/') || path.startsWith('..') || path.split('/').includes('..') || path.includes('\0'))
    throw new Error(`invalid path ${JSON.stringify(path)} in a volume`)
}

async function isCurrent(folder: string, payload: Payload, gid: number | undefined): Promise<boolean> {
  try {
    const names = new Set(
      (await readdir(folder, { recursive: true, withFileTypes: true }))
        .filter((e) => e.isFile())
        .map((e) => join(e.parentPath, e.name)),
    )
    if (names.size !== payload.size) return false
    for (const [path, file] of payload) {
      const at = join(folder, path)
      if (!names.has(normalize(at)) || !(await readFile(at)).equals(file.content)) return false
      const stat = await lstat(at)
      if ((stat.mode & 0o7777) !== modeFor(file.mode, gid) || (gid !== undefined && stat.gid !== gid)) return false
      if (file.uid !== undefined && stat.uid !== file.uid) return false
    }
    return true
  } catch {
    return false
  }
}

/** With a group of the pod's own, the group may read what the owner may. */
const modeFor = (mode: number, gid: number | undefined): number => (gid === undefined ? mode : mode | 0o440)

async function writeFiles(folder: string, payload: Payload, gid: number | undefined): Promise<void> {
  for (const [path, file] of payload) {
    const at = join(folder, path)
    await mkdir(dirname(at), { recursive: true, mode: 0o755 })
    await writeFile(at, file.content)
    if (gid !== undefined || file.uid !== undefined) await chown(at, file.uid ?? 0, gid ?? 0)
    // After writing: the umask does not apply, and a mode without write permission does not hinder us.
    await chmod(at, modeFor(file.mode, gid))
  }
}

/**
 * Makes `target` hold exactly `payload`, all files at once: they are written to a new folder that the link `..data` then
 * points to; what users see are links through `..data`. Does nothing when all is as it should be. Answers whether it changed.
 */
export async function writeAtomically(target: string, payload: Payload, gid?: number): Promise<boolean> {
  for (const path of payload.keys()) checkPayloadPath(path)
  await mkdir(target, { recursive: true, mode: 0o755 })
  const before = await readlink(join(target, dataLink)).catch(() => undefined)
  if (before !== undefined && (await isCurrent(join(target, before), payload, gid))) return false
  const stamp = new Date()
    .toISOString()
    .replace(/[-:TZ]/g, '_')
    .slice(0, 19)
  const folder = `..${stamp}.${randomBytes(5).toString('hex')}`
  await mkdir(join(target, folder), { mode: 0o755 })
  await chmod(join(target, folder), 0o755)
  await writeFiles(join(target, folder), payload, gid)
  await rm(join(target, `${dataLink}_tmp`), { force: true })
  await symlink(folder, join(target, `${dataLink}_tmp`))
  await rename(join(target, `${dataLink}_tmp`), join(target, dataLink))
  await matchLinks(target, payload)
  if (gid !== undefined) {
    await chown(target, 0, gid)
    await chmod(target, 0o2775)
  }
  for (const name of await readdir(target))
    if (name.startsWith('..') && name !== dataLink && name !== folder)
      await rm(join(target, name), { recursive: true, force: true })
  return true
}

async function matchLinks(target: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((path) => normalize(path).split('/')[0] ?? ''))
  const present = new Set((await readdir(target)).filter((name) => !name.startsWith('..')))
  for (const name of wanted) if (!present.has(name)) await symlink(join(dataLink, name), join(target, name))
  for (const name of present) if (!wanted.has(name)) await rm(join(target, name), { recursive: true, force: true })
}
