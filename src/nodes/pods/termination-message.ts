import { open } from 'node:fs/promises'
import type Docker from 'dockerode'
import type { ObservedContainer } from '../docker/observed.ts'
import { openLog } from '../streams/logs.ts'

const mostBytes = 4096
const mostLogBytes = 2048
const mostLogLines = 80

async function readMessageFile(path: string): Promise<string> {
  try {
    const file = await open(path, 'r')
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(mostBytes), 0, mostBytes, 0)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch {
    return ''
  }
}

/** What an ended container wants to be told of it: its message file, or the end of its log when it failed without one. */
export async function terminationMessage(docker: Docker, container: ObservedContainer): Promise<string | undefined> {
  const { path, fallbackToLogs } = container.terminationMessage
  const text = path ? await readMessageFile(path) : ''
  if (text !== '') return text
  if (!fallbackToLogs || container.exitCode === 0) return undefined
  const options = {
    stream: 'All',
    follow: true,
    timestamps: false,
    tailLines: mostLogLines,
    since: undefined,
    limitBytes: undefined,
  } as const
  const parts: Buffer[] = []
  for await (const part of await openLog(docker, container.id, options, new AbortController().signal)) parts.push(part)
  const log = Buffer.concat(parts)
  return log.subarray(-mostLogBytes).toString('utf8') || undefined
}
