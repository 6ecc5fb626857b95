import { spawn } from 'node:child_process'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type Docker from 'dockerode'
import { pullImage } from '../docker/images.ts'
import type { VolumeKind } from './kind.ts'

/** Unpacks the file system of an image into `folder`, once for all pods. Docker 20.10 cannot mount an image. */
async function unpack(docker: Docker, imageId: string, folder: string): Promise<void> {
  if (await stat(folder).catch(() => undefined)) return
  const unfinished = `${folder}.${process.pid}.${Date.now()}`
  await mkdir(unfinished, { recursive: true })
  const holder = await docker.createContainer({ Image: imageId, Entrypoint: ['/none'], NetworkDisabled: true })
  try {
    const tar = spawn('tar', ['-x', '-C', unfinished], { stdio: ['pipe', 'ignore', 'ignore'] })
    const ended = new Promise<void>((resolve, reject) => {
      tar.on('error', reject)
      tar.on('close', (code) =>
        code === 0 ? resolve() : reject(new Error(`unpacking image ${imageId}: tar exited with ${code}`)),
      )
    })
    await Promise.all([pipeline(await holder.export(), tar.stdin), ended])
    await rename(unfinished, folder)
  } finally {
    await holder.remove({ force: true })
    await rm(unfinished, { recursive: true, force: true })
  }
}

export const imageVolume: VolumeKind = {
  field: 'image',
  async setUp(volume, context) {
    const { reference = '', pullPolicy } = volume.image ?? {}
    const secrets = await context.sources.imagePullSecrets(context.pod)
    const { id } = await pullImage(context.docker, { image: reference, policy: pullPolicy, secrets, onPull: () => {} })
    const folder = `${context.cacheDir}/images/${id.replace(/^sha256:/, '')}`
    await unpack(context.docker, id, folder)
    return { path: folder, readOnly: true }
  },
}
