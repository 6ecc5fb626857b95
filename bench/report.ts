/** One line of loadgen, and what it cost. */
export interface Phase {
  readonly phase: string
  /** Requests a second; for `watch` see `events_per_s`. */
  readonly per_s?: number
  readonly events_per_s?: number
  readonly p50_ms: number
  readonly p99_ms: number
  readonly errors: number
  readonly first_error?: string
  /** What the server used in this phase, in seconds of one core. */
  readonly cpu_s: number
  /** What loadgen itself used. */
  readonly load_cpu_s: number
}

export interface Run {
  readonly server: string
  readonly phases: readonly Phase[]
  /** RSS in MiB before and with so many objects more, and at most. */
  readonly memory: { readonly before: number; readonly objects: number; readonly now: number; readonly peak: number }
}

/** How many times faster than kube-apiserver + etcd each phase is to be. */
const asked: Readonly<Record<string, number>> = { create: 2, update: 2, apply: 2, get: 3, list: 5, watch: 3 }

const rate = (phase: Phase | undefined): number => phase?.per_s ?? phase?.events_per_s ?? 0

/** The phase with the median rate; p99 and processor time are medians of their own. */
export function medianOf(phases: readonly Phase[]): Phase {
  const by = (value: (p: Phase) => number) => phases.map(value).sort((a, b) => a - b)[phases.length >> 1] ?? 0
  const middle = [...phases].sort((a, b) => rate(a) - rate(b))[phases.length >> 1]
  if (!middle) throw new Error('no rounds')
  const errors = phases.reduce((sum, p) => sum + p.errors, 0)
  const first = phases.find((p) => p.first_error)?.first_error
  return {
    ...middle,
    ...(first ? { first_error: first } : {}),
    errors,
    p99_ms: by((p) => p.p99_ms),
    cpu_s: by((p) => p.cpu_s),
    load_cpu_s: by((p) => p.load_cpu_s),
  }
}

/** What was asked of a phase, and whether it is so. */
function verdictOf(ours: Phase, peer: Phase): string {
  const times = asked[ours.phase]
  const ratio = rate(ours) / rate(peer)
  const missed: string[] = []
  if (times !== undefined && ratio < times) missed.push(`rate < ${times} ×`)
  if (times !== undefined && ours.p99_ms >= peer.p99_ms) missed.push('p99 not lower')
  if (ours.errors > 0) missed.push(`${ours.errors} errors`)
  if (times === undefined && missed.length === 0) return '-'
  return missed.length === 0 ? `yes (${times} ×)` : `no: ${missed.join(', ')}`
}

export function table(runs: readonly Run[]): string {
  const [ours, peer] = runs
  const columns = ['/s', 'p50 ms', 'p99 ms', 'CPU s', 'loadgen CPU s', 'errors']
  const head = ['phase', ...runs.flatMap((r) => columns.map((c, i) => (i === 0 ? `${r.server} ${c}` : c)))]
  const rows = [peer ? [...head, 'ratio', 'as asked'] : head]
  for (const [i, phase] of (ours?.phases ?? []).entries()) {
    const cells = runs.flatMap((r) => cellsOf(r.phases[i]))
    const other = peer?.phases[i]
    const judged = other ? [`${(rate(phase) / rate(other)).toFixed(2)} ×`, verdictOf(phase, other)] : []
    rows.push([phase.phase, ...cells, ...judged])
  }
  const errors = runs.flatMap((r) => r.phases.flatMap((p) => (p.first_error ? [`${r.server} ${p.phase}: ${p.first_error}`] : [])))
  return [...aligned(rows), ...memoryLines(runs), ...errors].join('\n')
}

function cellsOf(phase: Phase | undefined): string[] {
  if (!phase) return []
  const { p50_ms, p99_ms, cpu_s, load_cpu_s, errors } = phase
  return [String(rate(phase)), p50_ms.toFixed(1), p99_ms.toFixed(1), cpu_s.toFixed(2), load_cpu_s.toFixed(2), String(errors)]
}

function memoryLines(runs: readonly Run[]): string[] {
  const lines = runs.map(
    ({ server, memory: m }) =>
      `${server}: RSS ${m.now} MiB with ${m.objects} objects more (${m.before} before, ${m.peak} at most)`,
  )
  const [ours, peer] = runs
  if (!ours || !peer) return lines
  return [...lines, `RSS lower: ${ours.memory.now < peer.memory.now ? 'yes' : 'no'}`]
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((r) => r[i]?.length ?? 0))) ?? []
  return rows.map((r) => r.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '))
}
