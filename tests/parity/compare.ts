import type { Message, Recorded, Step } from './case.ts'
import { isMembers } from './pointer.ts'

export interface Difference {
  readonly path: string
  /** undefined: nothing. */
  readonly wanted: unknown
  readonly got: unknown
}

interface Comparison {
  /** Those that make the step unequal. */
  readonly differences: readonly Difference[]
  readonly messages: number
  readonly wrongMessages: readonly Difference[]
}

/** Compares what a server answered with what kube-apiserver did. */
export function compared(wanted: Recorded, got: Recorded | null | undefined, step: Step): Comparison {
  const messages = wanted.messages ?? []
  if (!got) {
    const wrongMessages = messages.map(([path, text]) => ({ path, wanted: text, got: undefined }))
    return { differences: [{ path: 'run', wanted: 'an answer', got }], messages: messages.length, wrongMessages }
  }
  const differences: Difference[] = []
  for (const part of ['status', 'type', 'warnings', 'retryAfter'] as const) {
    if (wanted[part] !== got[part]) differences.push({ path: part, wanted: wanted[part], got: got[part] })
  }
  new Walk(differences, new Set(step.compare?.subset)).compare(wanted.body ?? null, got.body ?? null, '')
  return { differences, messages: messages.length, wrongMessages: wrongMessages(messages, got.messages ?? []) }
}

class Walk {
  private readonly found: Difference[]
  private readonly subset: ReadonlySet<string>

  constructor(found: Difference[], subset: ReadonlySet<string>) {
    this.found = found
    this.subset = subset
  }

  compare(wanted: unknown, got: unknown, path: string): void {
    if (isMembers(wanted) && isMembers(got)) {
      const extra = this.subset.has(path) ? [] : Object.keys(got)
      for (const key of new Set([...Object.keys(wanted), ...extra])) this.compare(wanted[key], got[key], `${path}/${key}`)
    } else if (Array.isArray(wanted) && Array.isArray(got)) this.lists(wanted, got, path)
    else if (wanted !== got) this.found.push({ path: path || '/', wanted, got })
  }

  private lists(wanted: readonly unknown[], got: readonly unknown[], path: string): void {
    if (this.subset.has(path)) {
      const byKey = new Map(got.map((item) => [keyOf(item), item]))
      for (const item of wanted) this.compare(item, byKey.get(keyOf(item)), `${path}/[${keyOf(item)}]`)
      return
    }
    for (let i = 0; i < Math.max(wanted.length, got.length); i++) this.compare(wanted[i], got[i], `${path}/${i}`)
  }
}

function keyOf(item: unknown): string {
  if (!isMembers(item)) return String(item)
  const { metadata, name } = item as { metadata?: { name?: string }; name?: string }
  return metadata?.name || name || JSON.stringify(item)
}

function wrongMessages(wanted: readonly Message[], got: readonly Message[]): Difference[] {
  const have = new Map(got)
  const wrong = wanted.filter(([path, text]) => !isSameMessage(text, have.get(path)))
  const texts = (messages: readonly Message[]) => JSON.stringify(messages.map(([, text]) => text).sort())
  // The same texts in another order are the same: causes are a set.
  if (wrong.length === 0 || texts(wanted) === texts(got)) return []
  return wrong.map(([path, text]) => ({ path, wanted: text, got: have.get(path) }))
}

/** Equal but for the order of a list in brackets. */
function isSameMessage(a: string, b: string | undefined): boolean {
  if (a === b) return true
  const parts = (text: string) => /^(.*?)\[(.*)\](.*)$/s.exec(text)
  const [x, y] = [parts(a), b === undefined ? null : parts(b)]
  if (!x || !y || x[1] !== y[1] || x[3] !== y[3]) return false
  const items = (list: string | undefined) => (list ?? '').split(', ').sort().join(', ')
  return items(x[2]) === items(y[2])
}
