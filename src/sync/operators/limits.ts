import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Limits {
  readonly memoryMiB: number
  /** Thousandths of a processor. */
  readonly cpuMilli: number
}

/** A control group with limits: what the kernel holds a process to. */
export interface ControlGroup {
  add(pid: number): void
  /** After its processes have ended. */
  remove(): void
}

const maxProcesses = 64
const periodUs = 100_000

/** Makes a group; undefined where this process may make none, so that only the heap is limited. */
export function controlGroup(id: string, { memoryMiB, cpuMilli }: Limits, mounted = '/sys/fs/cgroup'): ControlGroup | undefined {
  const bytes = String(memoryMiB << 20)
  const quota = Math.max(1000, Math.round((cpuMilli * periodUs) / 1000))
  const name = join('slipway-operators', id)
  try {
    if (existsSync(join(mounted, 'cgroup.controllers'))) {
      const parent = join(mounted, 'slipway-operators')
      mkdirSync(parent, { recursive: true })
      for (const folder of [mounted, parent]) writeFileSync(join(folder, 'cgroup.subtree_control'), '+memory +cpu +pids')
      return groupAt([
        [join(mounted, name), { 'memory.max': bytes, 'cpu.max': `${quota} ${periodUs}`, 'pids.max': String(maxProcesses) }],
      ])
    }
    return groupAt([
      [join(mounted, 'memory', name), { 'memory.limit_in_bytes': bytes }],
      [join(mounted, 'cpu', name), { 'cpu.cfs_period_us': String(periodUs), 'cpu.cfs_quota_us': String(quota) }],
      [join(mounted, 'pids', name), { 'pids.max': String(maxProcesses) }],
    ])
  } catch (error) {
    if (
      ['EACCES', 'EPERM', 'ENOENT', 'EROFS', 'EBUSY', 'EINVAL', 'EOPNOTSUPP'].includes(
        (error as NodeJS.ErrnoException).code ?? '',
      )
    )
      return undefined
    throw error
  }
}

function groupAt(folders: readonly (readonly [string, Readonly<Record<string, string>>])[]): ControlGroup {
  for (const [folder, settings] of folders) {
    mkdirSync(folder, { recursive: true })
    for (const [file, value] of Object.entries(settings)) writeFileSync(join(folder, file), value)
  }
  return {
    add(pid) {
      for (const [folder] of folders) writeFileSync(join(folder, 'cgroup.procs'), String(pid))
    },
    remove() {
      for (const [folder] of folders) removeFolder(folder)
    },
  }
}

/** A group that is not empty yet, or gone already, is left. */
function removeFolder(folder: string): void {
  try {
    rmdirSync(folder)
  } catch (error) {
    if (!['EBUSY', 'ENOENT', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
