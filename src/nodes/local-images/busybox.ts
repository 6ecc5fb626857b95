import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Whether `file` is an ELF executable that needs no loader (no PT_INTERP program header). */
function isStatic(file: Buffer): boolean {
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2) return false
  const offset = Number(file.readBigUInt64LE(32))
  const size = file.readUInt16LE(54)
  const count = file.readUInt16LE(56)
  for (let i = 0; i < count; i++) if (file.readUInt32LE(offset + i * size) === 3) return false
  return true
}

interface Busybox {
  readonly program: Buffer
  /** Their names. */
  readonly applets: readonly string[]
}

/** The static busybox at `path`, if there is one. */
async function busyboxAt(path: string): Promise<Busybox | undefined> {
  const program = await readFile(path).catch(() => undefined)
  if (!program || !isStatic(program)) return undefined
  const { stdout } = await run(path, ['--list'])
  return { program, applets: stdout.split('\n').filter((applet) => applet !== '' && applet !== 'busybox') }
}

/** That of Debian's package, where there is an apt to fetch it. */
async function fromDebianPackage(): Promise<Busybox | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-busybox-'))
  try {
    await run('sh', ['-c', 'apt-get download busybox-static && dpkg-deb -x busybox-static_*.deb .'], { cwd: folder })
    return await busyboxAt(join(folder, 'bin/busybox'))
  } catch {
    // Who asked is told what to install.
    return undefined
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A static busybox of this machine. Fetches Debian's package when none is installed. Throws an Error when there is none. */
export async function findBusybox(): Promise<Busybox> {
  for (const path of ['/bin/busybox', '/usr/bin/busybox', '/bin/busybox.static', '/usr/local/bin/busybox']) {
    const found = await busyboxAt(path)
    if (found) return found
  }
  const fetched = await fromDebianPackage()
  if (!fetched) throw new Error('no static busybox found to make the local images from: install the package busybox-static')
  return fetched
}
