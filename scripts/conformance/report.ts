import { readFileSync } from 'node:fs'

export interface Result {
  readonly name: string
  readonly state: 'passed' | 'failed' | 'skipped'
  readonly seconds: number
  /** The first lines of what went wrong. */
  readonly message: string
}

interface SpecReport {
  ContainerHierarchyTexts: string[] | null
  LeafNodeType: string
  LeafNodeText: string
  State: string
  RunTime: number
  Failure?: { Message?: string; Location?: { FileName?: string; LineNumber?: number } }
}

const nanoseconds = 1e9

/** What a JSON report of Ginkgo says of the specs that ran. Pure but for reading the file. */
export function resultsIn(file: string): Result[] {
  const suites = JSON.parse(readFileSync(file, 'utf8')) as { SpecReports: SpecReport[] | null }[]
  return suites.flatMap((s) => s.SpecReports ?? []).flatMap(resultOf)
}

function resultOf(spec: SpecReport): Result[] {
  const isTest = spec.LeafNodeType === 'It'
  if (isTest && spec.State === 'skipped' && !spec.Failure?.Message) return []
  if (!isTest && spec.State === 'passed') return []
  const state = spec.State === 'passed' || spec.State === 'skipped' ? spec.State : 'failed'
  const name = isTest ? [...(spec.ContainerHierarchyTexts ?? []), spec.LeafNodeText].join(' ') : spec.LeafNodeType
  return [{ name, state, seconds: spec.RunTime / nanoseconds, message: messageOf(spec) }]
}

function messageOf({ Failure }: SpecReport): string {
  if (!Failure?.Message) return ''
  const { FileName = '', LineNumber = 0 } = Failure.Location ?? {}
  return `${Failure.Message.trim().slice(0, 2000)}\nat ${FileName.replace(/^.*\/test\/e2e\//, 'test/e2e/')}:${LineNumber}`
}

/** The table of results: failures last, with their messages. */
export function table(results: readonly Result[]): string {
  const order = { passed: 0, skipped: 1, failed: 2 }
  const sorted = results.toSorted((a, b) => order[a.state] - order[b.state] || (a.name < b.name ? -1 : 1))
  const lines = sorted.map((r) => {
    const row = `${r.state.toUpperCase().padEnd(8)}${r.seconds.toFixed(1).padStart(7)} s  ${r.name}`
    return r.state === 'failed' ? `${row}\n${r.message.replace(/^/gm, '          ')}` : row
  })
  const count = (state: Result['state']) => results.filter((r) => r.state === state).length
  return [...lines, '', `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`].join('\n')
}
