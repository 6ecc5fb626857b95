import { Socket as Datagrams } from 'node:dgram'
import { Server, Socket } from 'node:net'

const allowed = new Set<string>()
let isGuarded = false

/**
 * Lets this process connect to `host:port` of the list (`*:443` for any host), and to nothing else: not to other addresses of the machine,
 * and not to sockets in its file system, such as Docker's. Lists add up. Must be called before any code that is not ours runs.
 */
export function allowOnly(targets: readonly string[]): void {
  for (const target of targets) allowed.add(target)
  if (isGuarded) return
  isGuarded = true
  const { connect } = Socket.prototype
  const guarded = function (this: Socket, ...given: unknown[]): Socket {
    const target = targetOf(given)
    if (isAllowed(target)) return (connect as (...more: unknown[]) => Socket).apply(this, given)
    const error = new Error(`connecting to ${target ?? 'a socket file'} is not allowed: list it in spec.egress of the Operator`)
    process.nextTick(() => this.destroy(error))
    return this
  }
  fixed(Socket.prototype, 'connect', guarded)
  const refused = (what: string) => () => {
    throw new Error(`${what} is not allowed in an operator that the server runs`)
  }
  fixed(Server.prototype, 'listen', refused('listening'))
  for (const name of ['bind', 'connect', 'send']) fixed(Datagrams.prototype, name, refused('sending datagrams'))
}

const fixed = (prototype: object, name: string, value: unknown): void =>
  void Object.defineProperty(prototype, name, { value, writable: false, configurable: false })

function isAllowed(target: string | undefined): boolean {
  return target !== undefined && (allowed.has(target) || allowed.has(`*:${target.slice(target.lastIndexOf(':') + 1)}`))
}

/** `host:port` of the arguments of `connect`, however they are written; undefined for a socket file. */
export function targetOf(given: readonly unknown[]): string | undefined {
  // Node's own callers pass the arguments as one list.
  const [first, second] = Array.isArray(given[0]) ? (given[0] as unknown[]) : given
  if (typeof first === 'object' && first !== null) {
    const { path, port, host } = first as { path?: unknown; port?: unknown; host?: unknown }
    return path === undefined || path === null ? `${host ?? 'localhost'}:${Number(port)}` : undefined
  }
  if (Number.isNaN(Number(first)) || first === '') return undefined
  return `${typeof second === 'string' ? second : 'localhost'}:${Number(first)}`
}
