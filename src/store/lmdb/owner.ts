import { statSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'

/**
 * Sees that one process of this machine has the store's folder: each keeps in memory what it alone writes. Resolves with what gives it back.
 * Throws when another has it. The kernel forgets the name when the process ends, however it ends. Linux only; elsewhere nobody is refused.
 */
export async function ownFolder(path: string): Promise<() => void> {
  if (process.platform !== 'linux') return () => {}
  const folder = dirname(path)
  const { dev, ino } = statSync(folder)
  const server = createServer((socket) => socket.destroy()).unref()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new Error(`another Slipway runs on ${folder}: stop that one first`) : error),
    )
    server.listen(`\0slipway/store/${dev}/${ino}`, resolve)
  })
  return () => void server.close()
}
