import { managerOfUserAgent } from '../apply/user-agent.ts'
import { apiserverUser } from '../auth/users.ts'
import type { Call } from '../pipeline/call.ts'

/** Who made a commit, and when: kept with its revision. */
interface Note {
  readonly timeMs: number
  readonly user: string
  /** With the subresource: `update/status`. */
  readonly verb: string
  /** The field manager, as managedFields names it. */
  readonly manager: string
}

/** The note of a write, as the store keeps it. */
export function noteOf({ core, user, info, request }: Call): string {
  const verb = info.subresource ? `${info.verb}/${info.subresource}` : info.verb
  const manager = request.query.get('fieldManager') || managerOfUserAgent(request.headers['user-agent'])
  return JSON.stringify([core.clock.now(), user.name, verb, manager])
}

/** The note of what the server itself writes: every commit has one, or times could not be looked up. */
export function noteOfServer(verb: string, timeMs: number): string {
  return JSON.stringify([timeMs, apiserverUser.name, verb, 'kube-apiserver'])
}

/** undefined for a commit without one: of an older version, or made by hand. */
export function readNote(text: string | undefined): Note | undefined {
  if (!text) return undefined
  const [timeMs, user, verb, manager] = JSON.parse(text) as [number, string, string, string]
  return { timeMs, user, verb, manager }
}
