import { open } from 'node:fs/promises'
import type Docker from 'dockerode'
import type { ObservedContainer } from '../docker/observed.ts'

const mostBytes = 4096
const mostLogBytes = 2048
const mostLogLines = 80

/** The last output of a container that has no terminal: multiplexed frames of 8 header bytes. */
export function demuxFrames(frames: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at + 8 <= frames.length; ) {
    const size = frames.readUInt32BE(at + 4)
    parts.push(frames.subarray(at + 8, at + 8 + size))
    at += 8 + size
  }
  return Buffer.concat(parts)
}

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
  const options = { stdout: true, stderr: true, follow: false, tail: mostLogLines } as const
  const frames = (await docker.getContainer(container.id).logs(options)) as unknown as Buffer
  const isFramed = frames.length >= 8 && (frames[0] ?? 9) <= 2 && frames.readUIntBE(1, 3) === 0
  const log = isFramed ? demuxFrames(frames) : frames
  return log.subarray(-mostLogBytes).toString('utf8') || undefined
}
