import { randomUUID } from 'node:crypto'
import { controlGroup } from './limits.ts'
import { LogLines } from './log-lines.ts'
import { type Described, type Loaded, messageFrom, type ToChild } from './messages.ts'
import { startSandboxed } from './sandbox.ts'

const deadlineMs = 20_000
const limits = { memoryMiB: 128, cpuMilli: 1000 }

/** Loads a module in a process without rights, and answers what it says it is. Throws Error saying why it cannot be loaded. */
export async function describeModule(loaded: Loaded): Promise<Described> {
  const id = `describe-${randomUUID().slice(0, 8)}`
  const child = startSandboxed({ ...limits, packages: loaded.packages })
  const group = controlGroup(id, limits)
  const lines = new LogLines()
  lines.follow(child.stdout)
  lines.follow(child.stderr)
  try {
    if (child.pid !== undefined) group?.add(child.pid)
    const answered = Promise.withResolvers<Described>()
    child.on('message', (said) => {
      const message = messageFrom(said)
      if (message?.type === 'loaded') answered.resolve(message.described)
      else if (message?.type === 'failed') answered.reject(new Error(message.message.split('\n')[0]))
    })
    child.on('error', answered.reject)
    child.on('exit', (status) =>
      answered.reject(new Error(lines.last().find((l) => l.includes('Error')) ?? `it exited with ${status}`)),
    )
    const late = setTimeout(() => answered.reject(new Error(`it was not loaded within ${deadlineMs / 1000} s`)), deadlineMs)
    child.send({ type: 'load', ...loaded, egress: [] } satisfies ToChild)
    return await answered.promise.finally(() => clearTimeout(late))
  } finally {
    child.once('close', () => group?.remove())
    child.kill('SIGKILL')
  }
}
