import type Docker from 'dockerode'
import type { Secret } from '../../apimachinery/kinds.generated.ts'
import { splitTag } from '../local-images/make.ts'
import { ConfigError } from '../pods/config-error.ts'
import { dockerMessage, isGone } from './engine.ts'
import { credentialsFor } from './registry-credentials.ts'

interface PullRequest {
  readonly image: string
  readonly policy: 'Always' | 'IfNotPresent' | 'Never' | undefined
  readonly secrets: readonly Secret[]
  /** Called before the registry is asked. */
  readonly onPull: () => void
}

export interface PulledImage {
  readonly id: string
  readonly user: string
  /** `present`: no registry was asked. `local`: it could not be reached, and the local image serves. */
  readonly from: 'present' | 'registry' | 'local'
  readonly bytes: number
  /** How long it took, milliseconds. */
  readonly took: number
}

const reference =
  /^(?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/

/** Kubernetes' default: an image named by `latest` or no tag is always asked for. */
export function defaultPolicy(image: string): 'Always' | 'IfNotPresent' {
  if (image.includes('@')) return 'IfNotPresent'
  return splitTag(image).tag === 'latest' ? 'Always' : 'IfNotPresent'
}

interface LocalImage {
  readonly id: string
  readonly user: string
  readonly bytes: number
}

async function findLocal(docker: Docker, image: string): Promise<LocalImage | undefined> {
  try {
    const found = await docker.getImage(image).inspect()
    return { id: found.Id, user: found.Config?.User ?? '', bytes: found.Size }
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

async function fetch(docker: Docker, request: PullRequest): Promise<void> {
  const { repo, tag } = splitTag(request.image)
  const authconfig = credentialsFor(request.image, request.secrets)
  const name = request.image.includes('@') ? request.image : `${repo}:${tag}`
  const stream = await docker.pull(name, authconfig ? { authconfig } : {})
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null) => (error ? reject(error) : resolve()))
  })
}

/** No answer from the registry, as opposed to an answer that says no. */
const isUnreachable = (message: string): boolean =>
  /no such host|connection refused|i\/o timeout|network is unreachable|no route to host|TLS handshake timeout|context deadline|Client\.Timeout|server misbehaving/i.test(
    message,
  )

/** Gets the image by its policy. Throws ConfigError with kubelet's reasons: ErrImagePull, ErrImageNeverPull, InvalidImageName. */
export async function pullImage(docker: Docker, request: PullRequest): Promise<PulledImage> {
  const started = performance.now()
  const { image } = request
  if (!reference.test(image))
    throw new ConfigError(
      'InvalidImageName',
      `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`,
    )
  const policy = request.policy ?? defaultPolicy(image)
  const local = await findLocal(docker, image)
  if (local && policy !== 'Always') return { ...local, from: 'present', took: 0 }
  if (policy === 'Never')
    throw new ConfigError('ErrImageNeverPull', `Container image "${image}" is not present with pull policy of Never`)
  request.onPull()
  try {
    await fetch(docker, request)
  } catch (error) {
    const message = dockerMessage(error)
    if (local && isUnreachable(message)) return { ...local, from: 'local', took: performance.now() - started }
    throw new ConfigError('ErrImagePull', message)
  }
  const pulled = await findLocal(docker, image)
  if (!pulled) throw new ConfigError('ErrImagePull', `image ${image} is not there after its pull`)
  return { ...pulled, from: 'registry', took: performance.now() - started }
}
