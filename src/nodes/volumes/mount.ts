import { mkdir, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, normalize } from 'node:path'
import type { VolumeMount } from '../../apimachinery/kinds.generated.ts'
import type { Mount } from '../docker/container.ts'
import { ConfigError } from '../pods/config-error.ts'
import { expand } from '../pods/environment.ts'
import type { PreparedVolume } from './kind.ts'

const configError = (message: string) => new ConfigError('CreateContainerConfigError', message)

/** The place inside the volume, made when it is missing; never outside it, whatever links the volume holds. */
export async function subPathOf(root: string, subPath: string): Promise<string> {
  if (isAbsolute(subPath) || subPath.split('/').includes('..'))
    throw configError(`subPath ${JSON.stringify(subPath)} must be relative, without ".."`)
  const realRoot = await realpath(root)
  const wanted = join(realRoot, normalize(subPath))
  await makeInside(realRoot, normalize(subPath))
  const real = await realpath(wanted)
  if (real !== realRoot && !real.startsWith(`${realRoot}/`))
    throw configError(`subPath ${JSON.stringify(subPath)} leaves its volume`)
  return real
}

/** mkdir -p that checks at every step that a link does not lead out of `root`. */
async function makeInside(root: string, path: string): Promise<void> {
  let at = root
  for (const part of path.split('/').filter((p) => p !== '' && p !== '.')) {
    at = join(at, part)
    if (!(await stat(at).catch(() => undefined))) await mkdir(at, { mode: 0o755 }).catch(() => undefined)
    const real = await realpath(at)
    if (real !== root && !real.startsWith(`${root}/`)) throw configError(`subPath ${JSON.stringify(path)} leaves its volume`)
    at = real
  }
}

const propagation = { None: 'rprivate', HostToContainer: 'rslave', Bidirectional: 'rshared' } as const

/** How a container mounts one prepared volume. `env` is what subPathExpr may name. */
export async function mountOf(
  mount: VolumeMount,
  volumes: ReadonlyMap<string, PreparedVolume>,
  env: Readonly<Record<string, string>>,
): Promise<Mount> {
  const volume = volumes.get(mount.name)
  if (!volume) throw configError(`volume "${mount.name}" of mount ${mount.mountPath} is not mounted`)
  if (mount.recursiveReadOnly === 'Enabled')
    throw configError(`recursiveReadOnly mounts (${mount.mountPath}) are not supported by this container engine`)
  const subPath = mount.subPathExpr ? expand(mount.subPathExpr, env) : mount.subPath
  if (mount.subPathExpr && /\$\(/.test(subPath ?? ''))
    throw configError(`failed to expand subPathExpr ${mount.subPathExpr} of volume "${mount.name}"`)
  return {
    source: subPath ? await subPathOf(volume.path, subPath) : volume.path,
    target: isAbsolute(mount.mountPath) ? mount.mountPath : `/${mount.mountPath}`,
    readOnly: (mount.readOnly ?? false) || (volume.readOnly ?? false),
    propagation: propagation[mount.mountPropagation ?? 'None'],
  }
}
