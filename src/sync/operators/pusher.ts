import type { Application } from '../application/application.ts'
import type { GitUser } from '../git/git-server.ts'

/** On an Application: who pushed what it syncs now. Operators of the repository get no right that they could not give. */
export const pusherAnnotation = 'git.slipway.dev/pusher'

export interface Pusher extends GitUser {
  readonly commit: string
}

export const pusherText = ({ name, groups }: GitUser, commit: string): string => JSON.stringify({ name, groups, commit })

/** Who pushed `commit`; undefined when nobody is known to have. */
export function pusherOf(app: Application, commit: string): GitUser | undefined {
  try {
    const found = JSON.parse(app.metadata.annotations?.[pusherAnnotation] ?? 'null') as Pusher | null
    return found?.commit === commit && typeof found.name === 'string'
      ? { name: found.name, groups: found.groups ?? [] }
      : undefined
  } catch {
    return undefined
  }
}
