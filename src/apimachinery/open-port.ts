import type { AddressInfo, Server } from 'node:net'

export interface Address {
  /** 0: one that is free. */
  readonly port: number
  /** Default: all addresses. */
  readonly host?: string | undefined
}

/** A port that a server listens on. */
export interface OpenPort {
  readonly port: number
  /** Ends the listening and the connections; resolves when all are closed. */
  close(): Promise<void>
}

/** Has `server` listen, and gives the port. Rejects with the system's error where that can not be had. */
export async function listenOn(server: Server, { port, host }: Address): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  return (server.address() as AddressInfo).port
}

/** As listenOn; `cut` ends the connections that are open when the port is closed. */
export async function openPort(server: Server, address: Address, cut: () => void): Promise<OpenPort> {
  const port = await listenOn(server, address)
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        cut()
      }),
  }
}
