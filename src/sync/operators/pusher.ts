import type { Application } from '../application/application.ts'
import type { GitUser } from '../git/git-server.ts'
import { syncedCommit } from './code.ts'

/** On an Application: who pushed what it syncs now. Operators of the repository get no right that they could not give. */
export const pusherAnnotation = 'git.slipway.dev/pusher'

interface Pusher extends GitUser {
  readonly commit: string
}

/** The annotation's text when `user` pushes `commit`: who pushed what the Application is synced to until then is not forgotten. */
export function pusherText({ name, groups }: GitUser, commit: string, app?: Application): string {
  const synced = app && syncedCommit(app)
  const before = synced !== undefined && synced !== commit ? pushersOf(app).filter((p) => p.commit === synced) : []
  return JSON.stringify([{ name, groups, commit }, ...before])
}

/** Who pushed `commit`; undefined when nobody is known to have. */
export function pusherOf(app: Application, commit: string): GitUser | undefined {
  const found = pushersOf(app).find((p) => p.commit === commit)
  return found && { name: found.name, groups: found.groups }
}

function pushersOf(app: Application | undefined): Pusher[] {
  try {
    const found = [JSON.parse(app?.metadata.annotations?.[pusherAnnotation] ?? '[]') as Partial<Pusher>[]].flat()
    return found.flatMap(({ name, groups = [], commit }) =>
      typeof name === 'string' && typeof commit === 'string' ? [{ name, groups, commit }] : [],
    )
  } catch {
    return []
  }
}
