import { parseArgs } from 'node:util'
import { DataDirectory } from './assembly/machine/data-directory.ts'
import { purge } from './assembly/machine/purge.ts'

const help = `slipway down: stop a running Slipway; containers go on running and are adopted at the next start

  --data DIR       the data directory; default $SLIPWAY_DATA or ~/.slipway
  --purge          also remove every container, network, rule, mount and file that it made
  --timeout SEC    how long to wait for it to stop; default 60
  -o json          for programs

Examples:
  slipway down
  slipway down --purge
`

/** `slipway down`. */
export async function run(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      data: { type: 'string' },
      purge: { type: 'boolean', default: false },
      timeout: { type: 'string', default: '60' },
      output: { type: 'string', short: 'o' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const data = new DataDirectory(values.data)
  const running = data.running()
  if (running && !(await stop(running.pid, Number(values.timeout) * 1000))) {
    process.stderr.write(
      `slipway: process ${running.pid} did not stop within ${values.timeout} s; kill -9 it if it hangs (nothing accepted is lost)\n`,
    )
    return 1
  }
  const removed = values.purge && data.exists() ? await purge(data) : []
  if (values.output === 'json') process.stdout.write(`${JSON.stringify({ stopped: running?.pid ?? null, removed })}\n`)
  else {
    process.stdout.write(running ? `stopped process ${running.pid}\n` : `nothing ran on ${data.path}\n`)
    for (const line of removed) process.stdout.write(`removed ${line}\n`)
  }
  return 0
}

/** Asks the process to end and waits for that. */
async function stop(pid: number, timeoutMs: number): Promise<boolean> {
  process.kill(pid, 'SIGTERM')
  const until = performance.now() + timeoutMs
  // The end of a process that is not our child can only be seen by looking.
  while (performance.now() < until) {
    try {
      process.kill(pid, 0)
    } catch {
      return true
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}
