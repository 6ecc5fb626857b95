// Installs, upgrades and removes charts with real Helm on two clusters and prints where they differ:
//   node scripts/third-party/charts.ts --helm helm --kubeconfig FILE --kubeconfig FILE CHART…
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { byName, differences } from './compare.ts'
import { Kubectl, type Ran, run } from './kubectl.ts'
import { type Json, maskText } from './masked.ts'

const { values, positionals: charts } = parseArgs({
  allowPositionals: true,
  options: {
    helm: { type: 'string', default: 'helm' },
    kubectl: { type: 'string', default: 'kubectl' },
    kubeconfig: { type: 'string', multiple: true, default: [] },
    set: { type: 'string', multiple: true, default: ['replicaCount=2', 'replicas=2', 'podAnnotations.upgraded=yes'] },
  },
})
const clusters = values.kubeconfig.map((file) => new Kubectl(values.kubectl, file))
const [first, second] = clusters
if (!first || !second || charts.length === 0) {
  process.stderr.write('usage: charts.ts --kubeconfig FILE --kubeconfig FILE CHART…\n')
  process.exit(2)
}

let different = 0
for (const chart of charts) {
  const { found, refused, objects } = await compareChart(chart)
  different += found.length > 0 ? 1 : 0
  const verdict = found.length > 0 ? 'DIFFERENT' : refused ? 'refused alike' : 'equal'
  const lines = [`${verdict.padEnd(14)}${String(objects).padStart(4)} objects  ${chart}`, ...found.map((l) => `    ${l}`)]
  console.log([...lines, ...(refused ? [`    ${refused}`] : [])].join('\n'))
}
console.log(`${charts.length - different} equal or refused alike, ${different} different`)
process.exitCode = different > 0 ? 1 : 0

interface Compared {
  readonly found: readonly string[]
  /** What Helm says where it fails on both in the same way. */
  readonly refused: string | undefined
  /** Objects that were compared, after installing and after upgrading. */
  readonly objects: number
}

/** Install, upgrade and uninstall on both; what differs after each. Hooks are left out: they wait for Jobs that nobody runs. */
async function compareChart(chart: string): Promise<Compared> {
  const release = basename(chart)
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, 40)
  const place = ['--namespace', `chart-${release}`]
  const unhooked = ['--no-hooks', '--skip-schema-validation']
  const changes = values.set.flatMap((s) => ['--set', s])
  const found: string[] = []
  let objects = 0
  const helm = async (verb: string, ...args: string[]): Promise<string | undefined> => {
    const said = await both((k) => run(values.helm, ['--kubeconfig', k.kubeconfig, verb, release, ...args, ...place]))
    found.push(...saidDifferently(said).map((l) => `${verb}: ${l}`))
    return said.every((s) => s.status !== 0) ? `${verb}: ${said[0]?.err.trim().slice(0, 300)}` : undefined
  }
  for (const [verb, args] of [
    ['install', ['--create-namespace']],
    ['upgrade', changes],
  ] as const) {
    const refused = await helm(verb, chart, ...unhooked, ...args)
    // An upgrade that is refused leaves what was installed.
    if (refused && verb === 'install') return { found, refused, objects }
    const now = await stored(release, place)
    objects += now.objects
    found.push(...now.found.map((l) => `${verb}: ${l}`))
  }
  return { found, refused: await helm('uninstall', '--no-hooks'), objects }
}

/** The release's objects as each cluster keeps them: how many the second has, and what differs. */
async function stored(release: string, place: readonly string[]): Promise<{ found: string[]; objects: number }> {
  const manifests = await both((k) => run(values.helm, ['--kubeconfig', k.kubeconfig, 'get', 'manifest', release, ...place]))
  const rendered = manifests.map((m) => m.out)
  const random = randomIn(rendered)
  const lists = await Promise.all(
    [first, second].map((k, i) =>
      (k as Kubectl).try(['get', '--ignore-not-found', '--show-managed-fields', '-o', 'json', ...place, '-f', '-'], rendered[i]),
    ),
  )
  const [a = new Map(), b = new Map()] = lists.map((l) => {
    if (!l.out) return new Map<string, Json>()
    const list = JSON.parse(l.out, (_, v) => (typeof v === 'string' && random.has(v) ? '<random>' : v)) as Json
    return byName(list.kind === 'List' ? (list.items as Json[]) : [list])
  })
  return { found: [...saidDifferently(lists), ...differences(a, b)], objects: b.size }
}

/** Strings that one rendering has and the other has not: passwords, certificates, checksums of them. Pure. */
function randomIn(rendered: readonly string[]): Set<string> {
  const [a, b] = rendered.map((text) => new Set(parseAllDocuments(text).flatMap((d) => stringsIn(d.toJS()))))
  return a && b ? a.symmetricDifference(b) : new Set()
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return value && typeof value === 'object' ? Object.values(value).flatMap(stringsIn) : []
}

function saidDifferently([a, b]: readonly Ran[]): string[] {
  if (!a || !b) return []
  const lines = [a.err, b.err].map((text) => maskText(text).split('\n').map(withoutTime).filter(Boolean))
  const only = (here: string[] = [], there: string[] = []) => here.filter((l) => !there.includes(l))
  return [
    ...(a.status === b.status ? [] : [`status ${a.status} | ${b.status}`]),
    ...only(lines[0], lines[1]).map((l) => `first says: ${l}`),
    ...only(lines[1], lines[0]).map((l) => `second says: ${l}`),
  ]
}

/** klog's time and thread. */
function withoutTime(line: string): string {
  return line.replace(/^([IWEF])\d{4} [\d:.]+ +\d+ /, '$1 ')
}

function both<T>(act: (kubectl: Kubectl) => Promise<T>): Promise<T[]> {
  return Promise.all(clusters.slice(0, 2).map(act))
}
