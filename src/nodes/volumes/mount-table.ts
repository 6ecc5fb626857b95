import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

const unescapeMountPath = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/** The mount points at or below `prefix`, deepest first. */
export async function mountsUnder(prefix: string): Promise<string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8')
  const points = table
    .split('\n')
    .map((line) => unescapeMountPath(line.split(' ')[4] ?? ''))
    .filter((point) => point === prefix || point.startsWith(`${prefix}/`))
  return points.sort((a, b) => b.length - a.length)
}

/** Mounts a tmpfs at `path` unless one is there. `options` such as `size=1048576`. */
export async function mountTmpfs(path: string, options: readonly string[] = []): Promise<void> {
  await mkdir(path, { recursive: true })
  if ((await mountsUnder(path)).includes(path)) return
  await run('mount', ['-t', 'tmpfs', '-o', ['nosuid', 'nodev', ...options].join(','), 'tmpfs', path])
}

/** Unmounts everything at or below `prefix`; what is busy is detached. */
export async function unmountAll(prefix: string): Promise<void> {
  for (const point of await mountsUnder(prefix)) await run('umount', ['-l', point])
}
