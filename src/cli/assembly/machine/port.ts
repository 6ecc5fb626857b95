import { createServer } from 'node:net'
import { listenOn } from '../../../apimachinery/open-port.ts'

/** The number that `--port` names. Throws when it is none. */
export function portOf(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port ${text}: must be a number from 0 (any that is free) to 65535`)
  return port
}

/** Throws, in a user's words, unless this process can listen on `port` of `host`: before anything is started that would be in vain. */
export async function checkPort(port: number, host = '0.0.0.0'): Promise<void> {
  const server = createServer()
  try {
    await listenOn(server, { port, host })
  } catch (error) {
    throw new Error(refusal((error as NodeJS.ErrnoException).code, port, host) ?? String(error), { cause: error })
  }
  await new Promise((resolve) => server.close(resolve))
}

function refusal(code: string | undefined, port: number, host: string): string | undefined {
  if (code === 'EADDRINUSE') return `port ${port} is in use by another program: end that, or choose another with --port`
  if (code === 'EACCES') return `port ${port} needs root: choose one above 1023 with --port`
  if (code === 'EADDRNOTAVAIL') return `--host ${host}: this machine has no such address`
  return undefined
}
