import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import type { Pod } from '../../apimachinery/kinds.generated.ts'
import { cgroupParentOf } from '../docker/cgroups.ts'
import { containerOptions, type Mount } from '../docker/container.ts'
import { dockerMessage } from '../docker/engine.ts'
import { type PulledImage, pullImage } from '../docker/images.ts'
import { checkNonRoot } from '../docker/security.ts'
import { type NodeContext, podDirOf } from '../node-context.ts'
import type { PreparedVolume } from '../volumes/kind.ts'
import { mountOf, subPathOf } from '../volumes/mount.ts'
import { ConfigError } from './config-error.ts'
import type { Action } from './decide.ts'
import { environmentOf, expand, serviceVariables } from './environment.ts'
import { podFiles } from './start-sandbox.ts'
import { checkSupported } from './supported.ts'

type Start = Extract<Action, { kind: 'start' }>

/** What the start of one container needs to know of its pod. */
interface StartFacts {
  readonly pod: Pod
  readonly podIps: readonly string[]
  readonly volumes: ReadonlyMap<string, PreparedVolume>
  /** Id of the running container that an ephemeral container targets. */
  readonly targetId: string | undefined
  readonly event: (type: 'Normal' | 'Warning', reason: string, message: string) => void
}

/** As kubelet prints how long a pull took. */
const durationText = (ms: number): string =>
  ms < 1000 ? `${Math.round(ms)}ms` : `${(ms / 1000).toFixed(3).replace(/\.?0+$/, '')}s`

function announce(image: string, pulled: PulledImage, event: StartFacts['event']): void {
  const took = durationText(pulled.took)
  if (pulled.from === 'present')
    event('Normal', 'Pulled', `Container image "${image}" already present on machine and can be accessed by the pod`)
  else if (pulled.from === 'local')
    event('Warning', 'Pulled', `Container image "${image}" already present on machine; its registry could not be reached`)
  else
    event(
      'Normal',
      'Pulled',
      `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${pulled.bytes} bytes.`,
    )
}

const defaultMessagePath = '/dev/termination-log'

async function mountsOf(
  context: NodeContext,
  start: Start,
  facts: StartFacts,
  env: Record<string, string>,
  messageFile: string,
): Promise<Mount[]> {
  const podDir = podDirOf(context, facts.pod.metadata.uid ?? '')
  const files = podFiles(podDir)
  const bind = (source: string, target: string): Mount => ({ source, target, readOnly: false, propagation: 'rprivate' })
  const own = await Promise.all((start.container.volumeMounts ?? []).map((m) => mountOf(m, facts.volumes, env)))
  const wanted = [
    bind(files.hosts, '/etc/hosts'),
    bind(files.resolver, '/etc/resolv.conf'),
    bind(messageFile, start.container.terminationMessagePath || defaultMessagePath),
  ]
  return [...wanted.filter((m) => !own.some((o) => o.target === m.target)), ...own]
}

async function makeMessageFile(context: NodeContext, start: Start, pod: Pod): Promise<string> {
  const folder = `${podDirOf(context, pod.metadata.uid ?? '')}/containers/${start.container.name}`
  await mkdir(folder, { recursive: true, mode: 0o750 })
  const file = `${folder}/${start.attempt}`
  await writeFile(file, '')
  // Any user of the container may write to it.
  await chmod(file, 0o666)
  return file
}

function environment(context: NodeContext, start: Start, facts: StartFacts): Promise<Record<string, string>> {
  const { pod } = facts
  return environmentOf(pod, start.container, {
    references: context.sources,
    podIps: facts.podIps,
    hostIps: context.hostIps,
    allocatable: context.allocatable,
    services: serviceVariables(context.services(), pod.metadata.namespace ?? '', pod.spec?.enableServiceLinks ?? true),
    volumeFile: async (name, path) => {
      const volume = facts.volumes.get(name)
      return volume ? readFile(await subPathOf(volume.path, path), 'utf8').catch(() => undefined) : undefined
    },
  })
}

function seccompProfile(context: NodeContext): (name: string) => string {
  return (name) => {
    throw new ConfigError(
      'CreateContainerConfigError',
      `seccomp profile ${JSON.stringify(name)} is not in ${context.dataDir}/seccomp`,
    )
  }
}

async function localProfiles(context: NodeContext, start: Start, pod: Pod): Promise<(name: string) => string> {
  const profile = start.container.securityContext?.seccompProfile ?? pod.spec?.securityContext?.seccompProfile
  const name = profile?.type === 'Localhost' ? (profile.localhostProfile ?? '') : ''
  if (name === '' || name.startsWith('/') || name.split('/').includes('..')) return seccompProfile(context)
  const text = await readFile(`${context.dataDir}/seccomp/${name}`, 'utf8').catch(() => undefined)
  return text === undefined ? seccompProfile(context) : () => text
}

async function pull(context: NodeContext, start: Start, facts: StartFacts): Promise<PulledImage> {
  const { container } = start
  const image = container.image ?? ''
  const pulled = await pullImage(context.engine.docker, {
    image,
    policy: container.imagePullPolicy,
    secrets: await context.sources.imagePullSecrets(facts.pod),
    onPull: () => facts.event('Normal', 'Pulling', `Pulling image "${image}"`),
  })
  announce(image, pulled, facts.event)
  return pulled
}

async function create(context: NodeContext, start: Start, facts: StartFacts, image: PulledImage): Promise<string> {
  const { pod } = facts
  const { container } = start
  checkSupported(pod, container)
  checkNonRoot(pod, container, image.user)
  const env = await environment(context, start, facts)
  const messageFile = await makeMessageFile(context, start, pod)
  const [mounts, profile, runtime] = await Promise.all([
    mountsOf(context, start, facts, env, messageFile),
    localProfiles(context, start, pod),
    context.runtimeOf(pod.spec?.runtimeClassName),
  ])
  const options = containerOptions(pod, container, {
    ...start,
    image: image.id,
    imageUser: image.user,
    env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    command: (container.command ?? []).map((text) => expand(text, env)),
    args: (container.args ?? []).map((text) => expand(text, env)),
    mounts,
    cgroupParent: cgroupParentOf(pod, context.daemon.cgroupDriver),
    memoryCapacity: context.memoryCapacity,
    lowestOomScore: context.daemon.lowestOomScore,
    runtime,
    targetId: facts.targetId,
    terminationMessageFile: messageFile,
    labels: context.engine.labels,
    security: { seccompProfile: profile, hasAppArmor: context.daemon.hasAppArmor },
  })
  try {
    return await context.engine.create(options)
  } catch (error) {
    throw new ConfigError('CreateContainerError', dockerMessage(error))
  }
}

/**
 * Pulls the image when its policy says so, creates the container and starts it. Answers its id; `startError` when Docker could
 * not start it (the container then stays, as one that ended). Throws ConfigError when there is nothing to start.
 */
export async function startContainer(
  context: NodeContext,
  start: Start,
  facts: StartFacts,
): Promise<{ id: string; startError?: string }> {
  const image = await pull(context, start, facts)
  const id = await create(context, start, facts, image)
  facts.event('Normal', 'Created', 'Container created')
  try {
    await context.engine.start(id)
  } catch (error) {
    const startError = dockerMessage(error)
    facts.event('Warning', 'Failed', `Error: ${startError}`)
    return { id, startError }
  }
  facts.event('Normal', 'Started', 'Container started')
  return { id }
}
