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

async function fromDebianPackage(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-busybox-'))
  try {
    await run('sh', ['-c', 'apt-get download busybox-static && dpkg-deb -x busybox-static_*.deb .'], { cwd: folder })
    const path = join(folder, 'bin/busybox')
    return isStatic(await readFile(path)) ? path : undefined
  } catch {
    await rm(folder, { recursive: true, force: true })
    return undefined
  }
}

/** A static busybox of this machine and the names of its applets. Fetches Debian's package when none is installed. */
export async function findBusybox(): Promise<{ program: Buffer; applets: string[] }> {
  const candidates = ['/bin/busybox', '/usr/bin/busybox', '/bin/busybox.static', '/usr/local/bin/busybox']
  for (const find of [...candidates.map((path) => async () => path), fromDebianPackage]) {
    const path = await find()
    const program = path ? await readFile(path).catch(() => undefined) : undefined
    if (!path || !program || !isStatic(program)) continue
    const { stdout } = await run(path, ['--list'])
    return { program, applets: stdout.split('\n').filter((applet) => applet !== '' && applet !== 'busybox') }
  }
  throw new Error('no static busybox found to make the local images from: install the package busybox-static')
}
