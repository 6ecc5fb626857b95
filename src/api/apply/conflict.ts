import { StatusError } from '../../apimachinery/status.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { pathText } from './fields/path-element.ts'
import { identityOf, type Manager } from './managers.ts'
import type { Conflict } from './updater.ts'

/** What the conflicts with one manager are told with. */
interface Theirs {
  /** As it is written in the message. */
  readonly manager: string
  readonly fields: string[]
}

/** So many conflicts are put into words in one step. */
const stepSize = 1000

/** The 409 answer for conflicts of an apply, one cause a field and manager. */
export function* conflictError(conflicts: readonly Conflict[]): Steps<StatusError> {
  const causes: { reason: string; message: string; field: string }[] = []
  const byManager = new Map<string, Theirs>()
  const known = new Map<Manager, Theirs>()
  for (const [i, { manager, path }] of conflicts.entries()) {
    if (i % stepSize === stepSize - 1) yield
    let theirs = known.get(manager)
    if (!theirs) {
      const identity = identityOf(manager)
      theirs = byManager.get(identity) ?? { manager: managerText(manager), fields: [] }
      byManager.set(identity, theirs)
      known.set(manager, theirs)
    }
    const field = pathText(path)
    theirs.fields.push(field)
    causes.push({ reason: 'FieldManagerConflict', message: `conflict with ${theirs.manager}`, field })
  }
  yield
  return new StatusError(409, 'Conflict', messageOf(conflicts.length, byManager), { causes })
}

function messageOf(count: number, byManager: ReadonlyMap<string, Theirs>): string {
  if (count === 1) {
    const [theirs] = byManager.values()
    return `Apply failed with 1 conflict: conflict with ${theirs?.manager}: ${theirs?.fields[0]}`
  }
  const lines = [...byManager]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, { manager, fields }]) => [`conflicts with ${manager}:`, ...fields.map((field) => `- ${field}`)])
  return `Apply failed with ${count} conflicts: ${lines.join('\n')}`
}

function managerText({ name, operation, apiVersion, subresource }: Manager): string {
  const text = JSON.stringify(name) + (subresource ? ` with subresource ${JSON.stringify(subresource)}` : '')
  return operation === 'Update' ? `${text} using ${apiVersion}` : text
}
