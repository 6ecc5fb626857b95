import { isSame } from './errors.ts'

/** A difference for the reader of an error, in the style of Kubernetes' own: `type` is the Go name, e.g. `core.PodSpec`. */
export function structDiff(type: string, old: object, now: object): string {
  const before = old as Record<string, unknown>
  const after = now as Record<string, unknown>
  const lines: string[] = []
  for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (isSame(before[field], after[field])) continue
    const name = `${field.charAt(0).toUpperCase()}${field.slice(1)}`
    lines.push(`- \t${name}: ${JSON.stringify(before[field] ?? null)},`, `+ \t${name}: ${JSON.stringify(after[field] ?? null)},`)
  }
  return `  ${type}{\n  \t... // identical fields\n${lines.join('\n')}\n  }\n`
}
