import { differences } from './compare.ts'
import type { Outcome } from './run.ts'
import type { Scenario } from './scenario.ts'

/** A line a step: whether it came true on each cluster and whether both then had the same objects; then what differs. Pure. */
export function report({ name, mayDiffer }: Scenario, outcomes: readonly Outcome[]): { text: string; ok: boolean } {
  const [first, second] = outcomes
  if (!first) return { text: `${name}: nothing ran`, ok: false }
  const rows = first.steps.map((step, i) => {
    const other = second?.steps[i]
    const found = other ? differences(step.objects, other.objects) : []
    const differs = mayDiffer ? found.filter((line) => !mayDiffer.test(line)) : found
    const marks = [
      mark(step.failure),
      other ? mark(other.failure) : '',
      other ? (differs.length > 0 ? 'DIFFERENT' : 'equal') : '',
    ]
    const details = [step.failure, other?.failure].map((f, n) => (f ? [`on the ${n === 0 ? 'first' : 'second'}: ${f}`] : []))
    return {
      ok: !marks.includes('FAILED') && !marks.includes('DIFFERENT'),
      lines: [row(marks, step), ...[...details.flat(), ...differs].map(indented)],
    }
  })
  const said = second
    ? [...onlyIn('event', first.events, second.events), ...onlyIn('complaint', first.complaints, second.complaints)]
    : []
  const own = second ? [] : first.complaints.map((c) => `complaint: ${c}`)
  const lines = [`${name}: ${rows.length} steps`, ...rows.flatMap((r) => r.lines), ...[...said, ...own].map(indented)]
  return { text: lines.join('\n'), ok: rows.every((r) => r.ok) }
}

function row(marks: readonly string[], step: { says: string; objects: ReadonlyMap<string, unknown> }): string {
  return `  ${marks.map((m) => m.padEnd(10)).join('')}${String(step.objects.size).padStart(4)} objects  ${step.says}`
}

function mark(failure: string | undefined): string {
  return failure ? 'FAILED' : 'passed'
}

function onlyIn(what: string, first: readonly string[], second: readonly string[]): string[] {
  const here = first.filter((l) => !second.includes(l)).map((l) => `${what} only on the first: ${l}`)
  const there = second.filter((l) => !first.includes(l)).map((l) => `${what} only on the second: ${l}`)
  return [...here, ...there]
}

function indented(line: string): string {
  return line.replace(/^/gm, '        ')
}
