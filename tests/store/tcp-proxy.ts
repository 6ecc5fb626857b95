import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a server that a test can cut. */
interface TcpProxy {
  readonly url: string
  /** Ends all connections, and takes no new ones. */
  cut(): void
  mend(): void
  /** From now on the server's answers wait, in its own buffers too, until `resume`. */
  pause(): void
  resume(): void
  close(): Promise<void>
}

export async function startProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  const upstreams = new Set<Socket>()
  let isCut = false
  const server = createServer((client) => {
    if (isCut) {
      client.destroy()
      return
    }
    const upstream = connect(Number(port), hostname)
    upstreams.add(upstream)
    upstream.once('close', () => upstreams.delete(upstream))
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const destroyAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true
      destroyAll()
    },
    mend() {
      isCut = false
    },
    pause() {
      for (const upstream of upstreams) upstream.pause()
    },
    resume() {
      for (const upstream of upstreams) upstream.resume()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        destroyAll()
      }),
  }
}
