// Processor time of a command with all its children: what other programs do at the same time hardly changes it.
import { execFile } from 'node:child_process'

const SCRIPT = 'TIMEFORMAT="%U %S"; { time "$0" "$@" >/dev/null 2>&1; } 2>&1'

/** User and system seconds. Throws Error for a command that fails. */
export function cpuSeconds(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) =>
    execFile('bash', ['-e', '-o', 'pipefail', '-c', SCRIPT, command, ...args], { env }, (error, stdout) => {
      if (error) return reject(error)
      const [user = NaN, system = NaN] = stdout.trim().split(' ').map(Number)
      resolve(user + system)
    }),
  )
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}
