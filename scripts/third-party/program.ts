import { spawn } from 'node:child_process'
import { createWriteStream, readFileSync } from 'node:fs'
import { maskText } from './masked.ts'

export interface Running {
  /** Lines of its log that tell of a warning or an error, masked, each once. */
  complaints(): string[]
  stop(): Promise<void>
}

/** Starts a program with its output in `log`. When it ends by itself, `died` is called. */
export function startProgram(
  file: string,
  args: readonly string[],
  options: { env: NodeJS.ProcessEnv; log: string; died: (status: number | null) => void },
): Running {
  const child = spawn(file, args, { env: options.env, stdio: ['ignore', 'pipe', 'pipe'] })
  const log = createWriteStream(options.log)
  child.stdout.pipe(log, { end: false })
  child.stderr.pipe(log, { end: false })
  // When a run is broken off, nothing is left running.
  const orphaned = () => child.kill()
  process.once('exit', orphaned)
  let stopping = false
  const ended = new Promise<void>((resolve) => {
    child.on('close', (status) => {
      process.off('exit', orphaned)
      log.end(resolve)
      if (!stopping) options.died(status)
    })
  })
  return {
    complaints: () => complaintsIn(readFileSync(options.log, 'utf8')),
    stop: async () => {
      stopping = true
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 15_000)
      await ended
      clearTimeout(late)
    },
  }
}

const complaint = /^[EWF]\d{4} |"level":"?(error|warn|warning)"?|level=(error|warn|warning)|\t(ERROR|WARN)\t/
/** Who wins a race is no matter of the server: an operator tries again. */
const race = /the object has been modified|Operation cannot be fulfilled/

function complaintsIn(log: string): string[] {
  const lines = log.split('\n').filter((l) => complaint.test(l) && !race.test(l))
  return [...new Set(lines.map(withoutPlace))].sort()
}

/** klog's time and thread, and the stack that zap adds, say nothing of what was complained about. */
function withoutPlace(line: string): string {
  return maskText(line)
    .replace(/^([EWF])\d{4} [\d:.]+ +\d+ /, '$1 ')
    .replace(/"ts":[^,]+,|,?"stacktrace":"[^"]*"|"reconcileID":"[^"]*",?|resourceVersion=\d+ ?/g, '')
    .slice(0, 600)
}
