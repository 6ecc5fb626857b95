// `slipway chart get all|values|manifest|metadata|hooks|notes NAME`: what a release is made of.
import { computedValues, type ReleaseRecord } from '../../helmlike/release/record.ts'
import { RFC3339, shownTime } from '../../helmlike/release/record-time.ts'
import { toYaml } from '../../helmlike/yaml/emit.ts'
import { fromPlain } from '../../helmlike/yaml/json.ts'
import { type Flags, onlyArgument, parseFamily } from './flags/flags.ts'
import { GET_FLAGS, revisionOf } from './flags/release-flags.ts'
import { colors } from './output/colors.ts'
import { show } from './output/output.ts'
import { releaseText } from './output/release-text.ts'
import { connectBy, print } from './release.ts'

const PARTS: { readonly [what in keyof typeof GET_FLAGS]: (r: ReleaseRecord, flags: Flags) => Promise<void> | void } = {
  all: async (r, flags) => {
    const template = flags.get('template')
    if (template === undefined) return print(releaseText(r, colors(flags), { all: true }))
    const [{ executed }, { releaseValue }] = await Promise.all([
      import('./output/go-template.ts'),
      import('./output/release-value.ts'),
    ])
    process.stdout.write(executed(template, new Map([['Release', releaseValue(r)]])))
  },
  values: (r, flags) => {
    const values = flags.has('all') ? computedValues(r) : r.config
    const data = Object.keys(values).length > 0 || flags.has('all') ? values : null
    return show(flags, data, () => `${flags.has('all') ? 'COMPUTED' : 'USER-SUPPLIED'} VALUES:\n${toYaml(fromPlain(data))}`)
  },
  manifest: (r) => print(`${r.manifest}\n`),
  metadata: (r, flags) => show(flags, metadata(r), () => metadataText(r)),
  hooks: (r) => void process.stdout.write((r.hooks ?? []).map((h) => `---\n# Source: ${h.path}\n${h.manifest}\n`).join('')),
  notes: (r) => void (r.info.notes && process.stdout.write(`NOTES:\n${r.info.notes}\n`)),
}

export async function run(argv: string[]): Promise<number> {
  const { verb, flags } = parseFamily(argv, GET_FLAGS, `get ${Object.keys(PARTS).join('|')} NAME`)
  const name = onlyArgument(flags, `get ${verb} NAME`)
  const { releases } = await connectBy(flags)
  await PARTS[verb as keyof typeof PARTS](await releases.revision(name, revisionOf(flags)), flags)
  return 0
}

interface ChartMetadata {
  readonly name?: string
  readonly version?: string
  readonly appVersion?: string
  readonly annotations?: { readonly [key: string]: string }
  readonly dependencies?: readonly { readonly name: string }[]
}

const chartOf = (r: ReleaseRecord) => (r.chart.metadata ?? {}) as ChartMetadata
type Texts = { readonly [key: string]: string }
/** As Go writes a map. */
const sorted = (m: Texts = {}): Texts => Object.fromEntries(Object.entries(m).sort(([a], [b]) => (a < b ? -1 : 1)))
const isFilled = (m: object | undefined) => m !== undefined && Object.keys(m).length > 0

/** The keys that Helm gives programs. */
function metadata(r: ReleaseRecord): object {
  const { name, version, appVersion, annotations, dependencies } = chartOf(r)
  return {
    name: r.name,
    chart: name ?? '',
    version: version ?? '',
    appVersion: appVersion ?? '',
    ...(isFilled(annotations) ? { annotations: sorted(annotations) } : {}),
    ...(isFilled(r.secretLabels) ? { labels: sorted(r.secretLabels) } : {}),
    ...(isFilled(dependencies) ? { dependencies } : {}),
    namespace: r.namespace,
    revision: r.version,
    status: r.info.status,
    deployedAt: shownTime(r.info.last_deployed, RFC3339) ?? '0001-01-01T00:00:00Z',
    ...(r.apply_method ? { applyMethod: r.apply_method } : {}),
  }
}

const METHODS: { readonly [method: string]: string } = {
  '': 'client-side apply (defaulted)',
  csa: 'client-side apply',
  ssa: 'server-side apply',
}

function metadataText(r: ReleaseRecord): string {
  const { name, version, appVersion, annotations, dependencies } = chartOf(r)
  const pairs = (m: Texts | undefined) =>
    Object.entries(sorted(m))
      .map(([key, value]) => `${key}=${value}`)
      .join(',')
  const lines = {
    NAME: r.name,
    CHART: name,
    VERSION: version,
    APP_VERSION: appVersion,
    ANNOTATIONS: pairs(annotations),
    LABELS: pairs(r.secretLabels),
    DEPENDENCIES: (dependencies ?? [])
      .map((d) => d.name)
      .sort()
      .join(','),
    NAMESPACE: r.namespace,
    REVISION: r.version,
    STATUS: r.info.status,
    DEPLOYED_AT: shownTime(r.info.last_deployed, RFC3339),
    APPLY_METHOD: METHODS[r.apply_method ?? ''] ?? `unknown (${JSON.stringify(r.apply_method)})`,
  }
  return Object.entries(lines)
    .map(([key, value]) => `${key}: ${value ?? ''}\n`)
    .join('')
}
