// Renders every chart of a folder with real Helm and with us, and compares the objects: npm run chart-parity -- FOLDER [--helm BIN] [--show N]
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { isDeepStrictEqual, parseArgs, promisify } from 'node:util'
import { DEFAULT_API_VERSIONS, parseKubeVersion } from '../src/helmlike/chart/capabilities.ts'
import { loadChart } from '../src/helmlike/chart/load.ts'
import { readValues } from '../src/helmlike/chart/read-values.ts'
import { isMap, type Value, type ValueMap } from '../src/helmlike/gotemplate/value.ts'
import { splitDocuments } from '../src/helmlike/render/manifests.ts'
import { checkInstallable, render, toText } from '../src/helmlike/render/render.ts'
import { toPlain } from '../src/helmlike/yaml/json.ts'
import { parseYaml } from '../src/helmlike/yaml/parse.ts'

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { helm: { type: 'string' }, show: { type: 'string' } },
})
const [folder] = positionals
const helm = flags.helm ?? process.env.HELM ?? (existsSync('.slipway/bin/helm') ? '.slipway/bin/helm' : 'helm')
const KUBE = '1.36.0'
const scratch = mkdtempSync(join(tmpdir(), 'chart-parity-'))
if (!folder) {
  console.error('use: npm run chart-parity -- FOLDER [--helm BIN] [--show N]')
  process.exit(2)
}

/** Folders with a Chart.yaml and templates, not those inside other charts. */
function* charts(at: string): Generator<string> {
  if (existsSync(join(at, 'Chart.yaml'))) {
    if (existsSync(join(at, 'templates'))) yield at
    return
  }
  for (const e of readdirSync(at, { withFileTypes: true }))
    if (e.isDirectory() && e.name !== 'node_modules') yield* charts(join(at, e.name))
}

/** The values that set every `enabled: false` to true, if there are any. */
function switchedOn(values: Value): ValueMap | undefined {
  const out: ValueMap = new Map()
  for (const [key, v] of isMap(values) ? values : []) {
    if (key === 'enabled' && v === false) out.set(key, true)
    const inner = isMap(v) ? switchedOn(v) : undefined
    if (inner) out.set(key, inner)
  }
  return out.size > 0 ? out : undefined
}

/** A name of each case and its values file: the defaults, each of ci/, everything switched on. */
function cases(chart: string): [string, string | undefined][] {
  const ci = join(chart, 'ci')
  const files = existsSync(ci) ? readdirSync(ci).filter((f) => /values\.ya?ml$/.test(f)) : []
  const found: [string, string | undefined][] = [
    ['', undefined],
    ...files.map((f): [string, string] => [`#ci/${f}`, join(ci, f)]),
  ]
  try {
    const flags = switchedOn(parseYaml(readFileSync(join(chart, 'values.yaml'), 'utf8')))
    if (flags) {
      const file = join(scratch, 'all-enabled.yaml')
      writeFileSync(file, JSON.stringify(toPlain(flags)))
      found.push(['#all-enabled', file])
    }
  } catch {
    // No values, or none that can be read: the defaults show how both take that.
  }
  return found
}

type Objects = ReadonlyMap<string, unknown> | Error
const run = promisify(execFile)

/** Documents by their order among equals: Helm and we must agree on both. */
function objects(text: string): Objects {
  const found = new Map<string, unknown>()
  for (const { content } of splitDocuments(text)) {
    const doc = toPlain(parseYaml(content)) as {
      apiVersion?: string
      kind?: string
      metadata?: { name?: string; namespace?: string }
    } | null
    if (doc === null) continue
    const key = `${doc.apiVersion} ${doc.kind} ${doc.metadata?.namespace ?? ''}/${doc.metadata?.name}`
    let nth = 0
    while (found.has(`${key}#${nth}`)) nth++
    found.set(`${key}#${nth}`, doc)
  }
  return found
}

async function byHelm(chart: string, values: string | undefined): Promise<Objects> {
  try {
    const args = [
      'template',
      'rel',
      chart,
      '-n',
      'apps',
      '--kube-version',
      KUBE,
      '--include-crds',
      ...(values ? ['-f', values] : []),
    ]
    return objects((await run(helm, args, { maxBuffer: 256 << 20, timeout: 60_000 })).stdout)
  } catch (e) {
    return new Error(String((e as { stderr?: string }).stderr ?? e).trim())
  }
}

async function byUs(path: string, values: string | undefined): Promise<Objects> {
  try {
    const chart = loadChart(path)
    checkInstallable(chart)
    const rendered = await render(chart, values ? readValues(readFileSync(values, 'utf8'), values) : new Map(), {
      release: { name: 'rel', namespace: 'apps', revision: 1, isUpgrade: false },
      capabilities: { kubeVersion: parseKubeVersion(KUBE), apiVersions: DEFAULT_API_VERSIONS },
    })
    return objects(toText(rendered, { includeCrds: true }))
  } catch (e) {
    return e as Error
  }
}

/** Objects that differ, leaving out what differs between two runs of Helm (random values). */
function differing(
  a: ReadonlyMap<string, unknown>,
  again: ReadonlyMap<string, unknown>,
  b: ReadonlyMap<string, unknown>,
): string[] {
  const keys = new Set([...a.keys(), ...b.keys()])
  return [...keys].filter(
    (k) => !isDeepStrictEqual(a.get(k), b.get(k)) && (!a.has(k) || !b.has(k) || isDeepStrictEqual(a.get(k), again.get(k))),
  )
}

let [equal, total, skipped, shown] = [0, 0, 0, 0]
for (const chart of charts(folder)) {
  for (const [name, values] of cases(chart)) {
    total++
    const [want, got] = [await byHelm(chart, values), await byUs(chart, values)]
    let problem = ''
    if (want instanceof Error || got instanceof Error) {
      if (!(want instanceof Error)) problem = `we fail: ${(got as Error).message.slice(0, 300)}`
      else if (!(got instanceof Error)) problem = `Helm fails: ${want.message.slice(0, 300)}`
    } else if (!isDeepStrictEqual([...want], [...got])) {
      const again = await byHelm(chart, values)
      // Objects whose names are random cannot be told apart: such a case is left out.
      const isRandom = !(again instanceof Error) && !isDeepStrictEqual([...want.keys()], [...again.keys()])
      if (isRandom) skipped++
      problem = isRandom || again instanceof Error ? '' : differing(want, again, got).join(', ')
    }
    if (problem === '') equal++
    else if (shown++ < Number(flags.show ?? 20)) console.log(`${relative(folder, chart)}${name}: ${problem}`)
  }
}
rmSync(scratch, { recursive: true })
equal -= skipped
total -= skipped
console.log(
  `equal: ${equal} of ${total} cases, ${((100 * equal) / Math.max(1, total)).toFixed(2)} %; left out for random names: ${skipped}`,
)
process.exitCode = equal >= 0.995 * total ? 0 : 1
