import { PassThrough } from 'node:stream'
import type Docker from 'dockerode'
import { dockerMessage } from './engine.ts'

interface ExecOutcome {
  /** Undefined when the deadline came first. */
  readonly exitCode: number | undefined
  /** Standard output and error as they came, at most 10 KiB. */
  readonly output: string
}

const mostBytes = 10 * 1024

/** Runs a command in a container to its end; at the deadline its process is killed. Throws when it cannot be started. */
export async function runInContainer(
  docker: Docker,
  id: string,
  command: readonly string[],
  timeoutMs: number,
): Promise<ExecOutcome> {
  const exec = await docker.getContainer(id).exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true })
  const stream = await exec.start({ hijack: true, stdin: false })
  const output = new PassThrough()
  let text = ''
  output.on('data', (chunk: Buffer) => {
    if (text.length < mostBytes) text += chunk.toString('utf8')
  })
  docker.modem.demuxStream(stream, output, output)
  const isOver = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs)
    const end = () => {
      clearTimeout(timer)
      resolve(true)
    }
    for (const event of ['end', 'close', 'error']) stream.once(event, end)
  })
  if (!isOver) {
    stream.destroy()
    const { Pid: pid } = (await exec.inspect()) as { Pid?: number }
    try {
      if (pid) process.kill(pid, 'SIGKILL')
    } catch {
      // It ended in the meantime, or the daemon is on another machine.
    }
    return { exitCode: undefined, output: text.slice(0, mostBytes) }
  }
  const { ExitCode: exitCode } = await exec.inspect()
  return { exitCode: exitCode ?? 0, output: text.slice(0, mostBytes) }
}

/** What kubelet says of a command that failed. */
export const execErrorText = (error: unknown): string =>
  `rpc error: code = Unknown desc = failed to exec in container: ${dockerMessage(error)}`
