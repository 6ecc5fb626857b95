import type Docker from 'dockerode'
import { label, type Role } from './labels.ts'

export interface Limits {
  readonly cpuShares: number
  readonly cpuQuota: number
  readonly memory: number
}

/** A container of a pod as Docker has it. Times are milliseconds since 1970. */
export interface ObservedContainer {
  readonly id: string
  readonly podUid: string
  readonly podName: string
  readonly podNamespace: string
  readonly name: string
  readonly role: Role
  readonly attempt: number
  readonly backoffSeconds: number
  readonly sandboxId: string
  readonly specHash: string
  readonly image: string
  readonly imageId: string
  /** 'created' was never started; a failed start counts as exited with `startError`. */
  readonly state: 'created' | 'running' | 'exited'
  readonly createdAt: number
  readonly startedAt: number
  readonly finishedAt: number
  readonly exitCode: number
  readonly oomKilled: boolean
  readonly startError?: string
  /** What the container left in its termination message file, or the end of its log. */
  readonly message?: string
  /** Of sandboxes: the address on the pod network. */
  readonly ip?: string
  readonly pid: number
  /** As the kernel has them; 0: no limit. Memory in bytes, quota in microseconds per 100 ms. */
  readonly limits: Limits
  readonly stopSignal?: string
  readonly terminationMessage: { readonly path?: string; readonly fallbackToLogs: boolean }
}

/** Docker writes year 1 for a time that has not come. */
function timeOf(text: string): number {
  const time = Date.parse(text)
  return Number.isNaN(time) || time < 0 ? 0 : time
}

function stateOf(state: Docker.ContainerInspectInfo['State']): ObservedContainer['state'] {
  if (state.Running || state.Paused || state.Restarting) return 'running'
  if (state.Status === 'created' && !state.Error && state.ExitCode === 0) return 'created'
  return 'exited'
}

/** Not in dockerode's types: the signal that the image or the container names. */
function stopSignalOf(info: Docker.ContainerInspectInfo): { stopSignal: string } | object {
  const { StopSignal: stopSignal } = info.Config as { StopSignal?: string }
  return stopSignal ? { stopSignal } : {}
}

/** containerd's exit code of a container that could not be started; Docker leaves it 'created' with the error. */
const startErrorExitCode = 128

/** Undefined for a container that is not of a pod. */
export function observe(info: Docker.ContainerInspectInfo, network: string): ObservedContainer | undefined {
  const labels = info.Config.Labels
  const podUid = labels[label.podUid]
  const role = labels[label.role] as Role | undefined
  if (!podUid || !role) return undefined
  const { State: state } = info
  const neverRan = state.Status === 'created' && stateOf(state) === 'exited'
  const ip = info.NetworkSettings.Networks[network]?.IPAddress || info.NetworkSettings.Networks[network]?.IPAMConfig?.IPv4Address
  const terminationMessage = labels[label.terminationMessage] ?? ''
  return {
    id: info.Id,
    podUid,
    podName: labels[label.podName] ?? '',
    podNamespace: labels[label.podNamespace] ?? '',
    name: labels[label.container] ?? '',
    role,
    attempt: Number(labels[label.attempt] ?? 0),
    backoffSeconds: Number(labels[label.backoff] ?? 0),
    sandboxId: labels[label.sandbox] ?? '',
    specHash: labels[label.specHash] ?? '',
    image: labels[label.image] ?? info.Config.Image,
    imageId: info.Image,
    state: stateOf(state),
    createdAt: timeOf(info.Created),
    startedAt: timeOf(state.StartedAt),
    finishedAt: neverRan ? timeOf(info.Created) : timeOf(state.FinishedAt),
    exitCode: neverRan ? startErrorExitCode : state.ExitCode,
    oomKilled: state.OOMKilled,
    ...(neverRan ? { startError: state.Error || `cannot start: exit code ${state.ExitCode}` } : {}),
    ...(role === 'sandbox' && ip ? { ip } : {}),
    pid: state.Pid,
    limits: {
      cpuShares: info.HostConfig.CpuShares ?? 0,
      cpuQuota: Math.max(0, info.HostConfig.CpuQuota ?? 0),
      memory: info.HostConfig.Memory ?? 0,
    },
    ...stopSignalOf(info),
    terminationMessage: {
      ...(terminationMessage.startsWith('/') ? { path: terminationMessage } : {}),
      fallbackToLogs: labels[`${label.terminationMessage}-fallback`] === 'true',
    },
  }
}
