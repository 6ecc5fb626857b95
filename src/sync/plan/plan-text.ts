import { groupResource } from '../../apimachinery/resource.ts'
import { shortValue } from './difference.ts'
import type { Plan, PlannedChange } from './plan.ts'

const marks = { create: '+', change: '~', keep: ' ', prune: '-' } as const
const words = { create: 'create', change: 'change', keep: 'keep', prune: 'delete' } as const
const maxFields = 12

/** `deployment.apps/web`, with the namespace in front of names outside `namespace`. */
function label(change: PlannedChange, namespace: string): string {
  const { object, resource } = change
  const kind = resource
    ? groupResource({ group: resource.group, resource: resource.kind.toLowerCase() })
    : (object.kind ?? '').toLowerCase()
  const elsewhere =
    object.metadata.namespace && object.metadata.namespace !== namespace ? ` (namespace ${object.metadata.namespace})` : ''
  return `${kind}/${object.metadata.name}${elsewhere}`
}

/** What a plan does, a line for each object that is touched, with the fields that change. */
export function planText(plan: Plan, namespace: string): string[] {
  const lines: string[] = []
  for (const change of plan.changes) {
    if (change.action === 'keep') continue
    lines.push(`  ${marks[change.action]} ${words[change.action]} ${label(change, namespace)}`)
    const secret = change.object.kind === 'Secret'
    for (const { field, before, after } of change.fields.slice(0, maxFields)) {
      const hide = secret && /^(data|stringData)/.test(field)
      lines.push(`      ${field}: ${shortValue(before, hide)} → ${shortValue(after, hide)}`)
    }
    if (change.fields.length > maxFields) lines.push(`      … and ${change.fields.length - maxFields} more fields`)
  }
  return lines
}

/** `2 to create, 1 to change, 0 to delete, 5 unchanged`. */
export function planSummary(plan: Plan): string {
  const count = (action: PlannedChange['action']) => plan.changes.filter((c) => c.action === action).length
  return `${count('create')} to create, ${count('change')} to change, ${count('prune')} to delete, ${count('keep')} unchanged`
}
