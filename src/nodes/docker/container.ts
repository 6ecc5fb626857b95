import type Docker from 'dockerode'
import type { Pod } from '../../apimachinery/kinds.generated.ts'
import { limitsOf, oomScore } from '../pods/qos.ts'
import { specHash } from '../pods/spec-hash.ts'
import type { AnyContainer } from '../pods/view.ts'
import { label, type Role } from './labels.ts'
import { dockerName, podLabels } from './sandbox.ts'
import { type SecurityFacts, securityOptions, userOf } from './security.ts'

export interface Mount {
  readonly source: string
  readonly target: string
  readonly readOnly: boolean
  readonly propagation: 'rprivate' | 'rslave' | 'rshared'
}

/** Everything about a container that its spec only refers to, already found. */
interface Resolved {
  readonly role: Role
  readonly attempt: number
  readonly backoffSeconds: number
  readonly sandboxId: string
  /** Id or name that Docker knows. */
  readonly image: string
  readonly imageUser: string
  /** `NAME=value`. */
  readonly env: readonly string[]
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly mounts: readonly Mount[]
  readonly cgroupParent: string | undefined
  readonly memoryCapacity: number
  readonly lowestOomScore: number
  readonly runtime: string | undefined
  /** Of an ephemeral container: the id of the container whose processes it sees. */
  readonly targetId: string | undefined
  /** The file on the host that is the container's termination message. */
  readonly terminationMessageFile: string
  readonly labels: Readonly<Record<string, string>>
  readonly security: SecurityFacts
}

const capabilities = (list: readonly string[] | undefined): string[] => (list ?? []).map((c) => c.toUpperCase())

function pidMode(pod: Pod, r: Resolved): { PidMode: string } | object {
  if (pod.spec?.hostPID) return { PidMode: 'host' }
  if (r.targetId) return { PidMode: `container:${r.targetId}` }
  return pod.spec?.shareProcessNamespace ? { PidMode: `container:${r.sandboxId}` } : {}
}

function hostConfig(pod: Pod, container: AnyContainer, r: Resolved): Docker.HostConfig {
  const security = container.securityContext
  const limits = limitsOf(container.resources)
  const groups = [...(pod.spec?.securityContext?.supplementalGroups ?? []), pod.spec?.securityContext?.fsGroup]
  return {
    NetworkMode: pod.spec?.hostNetwork ? 'host' : `container:${r.sandboxId}`,
    IpcMode: pod.spec?.hostIPC ? 'host' : `container:${r.sandboxId}`,
    ...pidMode(pod, r),
    Mounts: r.mounts.map((m) => ({
      Type: 'bind',
      Source: m.source,
      Target: m.target,
      ReadOnly: m.readOnly,
      BindOptions: { Propagation: m.propagation },
    })),
    GroupAdd: groups.filter((g) => g !== undefined).map(String),
    Privileged: security?.privileged ?? false,
    CapAdd: capabilities(security?.capabilities?.add),
    CapDrop: capabilities(security?.capabilities?.drop),
    ReadonlyRootfs: security?.readOnlyRootFilesystem ?? false,
    SecurityOpt: securityOptions(pod, container, r.security),
    ...(security?.procMount === 'Unmasked' ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
    ...(r.cgroupParent ? { CgroupParent: r.cgroupParent } : {}),
    ...(r.runtime ? { Runtime: r.runtime } : {}),
    CpuShares: limits.cpuShares,
    ...(limits.cpuQuota > 0 ? { CpuQuota: limits.cpuQuota, CpuPeriod: limits.cpuPeriod } : {}),
    ...(limits.memory > 0 ? { Memory: limits.memory, MemorySwap: limits.memory } : {}),
    OomScoreAdj: Math.max(oomScore(pod, container, r.memoryCapacity), r.lowestOomScore),
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '5' } },
    RestartPolicy: { Name: 'no' },
  }
}

/** What Docker is asked to create for one attempt of `container`. */
export function containerOptions(pod: Pod, container: AnyContainer, r: Resolved): Docker.ContainerCreateOptions {
  const stopSignal = container.lifecycle?.stopSignal
  return {
    name: dockerName(pod, container.name, r.attempt),
    Image: r.image,
    ...(r.command.length > 0 ? { Entrypoint: [...r.command] } : {}),
    ...(r.args.length > 0 ? { Cmd: [...r.args] } : {}),
    Env: [...r.env],
    ...(container.workingDir ? { WorkingDir: container.workingDir } : {}),
    User: userOf(pod, container, r.imageUser),
    OpenStdin: container.stdin ?? false,
    StdinOnce: container.stdinOnce ?? false,
    Tty: container.tty ?? false,
    Healthcheck: { Test: ['NONE'] },
    ...(stopSignal ? { StopSignal: stopSignal } : {}),
    Labels: {
      ...r.labels,
      ...podLabels(pod),
      [label.container]: container.name,
      [label.role]: r.role,
      [label.attempt]: String(r.attempt),
      [label.backoff]: String(r.backoffSeconds),
      [label.sandbox]: r.sandboxId,
      [label.specHash]: specHash(container),
      [label.image]: container.image ?? '',
      [label.terminationMessage]: r.terminationMessageFile,
      [`${label.terminationMessage}-fallback`]: String(container.terminationMessagePolicy === 'FallbackToLogsOnError'),
    },
    HostConfig: hostConfig(pod, container, r),
  }
}
