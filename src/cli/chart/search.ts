// `slipway chart search repo|hub WORD`: charts of the known repositories, or of a hub. `repo` may be left out.
import { cachedIndex, repositories } from '../../helmlike/package/repositories.ts'
import { literal, type Matcher, searchCharts } from '../../helmlike/package/search.ts'
import { type Family, FlagError, type Flags, parseFamily } from './flags/flags.ts'
import { OUTPUT_FLAGS, objects, show } from './output/output.ts'
import { table } from './output/table.ts'

export const FAMILY: Family = {
  repo: {
    flags: {
      ...OUTPUT_FLAGS.flags,
      versions: 'bool',
      regexp: 'bool',
      devel: 'bool',
      version: 'value',
      'max-col-width': 'int',
      'fail-on-no-result': 'bool',
    },
    short: { ...OUTPUT_FLAGS.short, l: 'versions', r: 'regexp' },
  },
  hub: {
    flags: {
      ...OUTPUT_FLAGS.flags,
      endpoint: 'value',
      'list-repo-url': 'bool',
      'max-col-width': 'int',
      'fail-on-no-result': 'bool',
    },
    short: OUTPUT_FLAGS.short,
  },
}

/** RE2, as in Go. Throws FlagError for an expression that is none. */
async function expression(text: string): Promise<Matcher> {
  const { RE2JS } = await import('re2js')
  try {
    const compiled = RE2JS.compile(text)
    return (searched) => {
      const m = compiled.matcher(searched)
      return m.find() ? m.start() : -1
    }
  } catch (e) {
    throw new FlagError(`error parsing regexp: ${(e as Error).message}`)
  }
}

async function searchRepositories(words: string, flags: Flags): Promise<number> {
  const known = repositories()
  if (known.length === 0) throw new Error('no repositories configured')
  const indexes = known.flatMap((r) => {
    const index = cachedIndex(r)
    if (!index)
      process.stderr.write(
        `warning: the index of ${r.name} is missing or damaged: slipway chart repo update ${r.name} brings it\n`,
      )
    return index ? [[r.name, index] as const] : []
  })
  const matcher = words === '' ? undefined : flags.has('regexp') ? await expression(words) : literal(words)
  const hits = searchCharts(indexes, matcher, {
    version: flags.get('version') ?? '',
    devel: flags.has('devel'),
    allVersions: flags.has('versions'),
  })
  const rows = hits.map(({ name, entry }) => [name, entry.version, entry.appVersion, entry.description])
  return results(flags, ['NAME', 'CHART VERSION', 'APP VERSION', 'DESCRIPTION'], rows, () =>
    objects(['NAME', 'VERSION', 'APP VERSION', 'DESCRIPTION'], rows),
  )
}

async function results(flags: Flags, heading: readonly string[], rows: readonly string[][], data: () => object): Promise<number> {
  if (rows.length === 0 && flags.has('fail-on-no-result')) throw new Error('no results found')
  const width = Number(flags.get('max-col-width') ?? 50)
  await show(flags, data(), () => (rows.length === 0 ? 'No results found\n' : table([heading, ...rows], width)))
  return 0
}

interface HubResult {
  readonly id: string
  readonly artifactHub?: { readonly packageUrl?: string }
  readonly attributes?: { readonly description?: string; readonly repo?: { readonly url?: string; readonly name?: string } }
  readonly relationships?: {
    readonly latestChartVersion?: { readonly data?: { readonly version?: string; readonly app_version?: string } }
  }
}

/** The hub's own answer, of the form that Monocular gave it. */
async function searchHub(words: string, flags: Flags): Promise<number> {
  const endpoint = flags.get('endpoint') ?? 'https://hub.helm.sh'
  if (!URL.canParse(endpoint) || !/^https?:/.test(endpoint))
    throw new FlagError(`unable to create connection to ${JSON.stringify(endpoint)}: no URL of HTTP`)
  const { download } = await import('../../helmlike/package/http.ts')
  let found: readonly HubResult[]
  try {
    const text = await download(
      `${endpoint.replace(/\/$/, '')}/api/chartsvc/v1/charts/search?${new URLSearchParams({ q: words })}`,
    )
    found = (JSON.parse(text.toString('utf8')) as { data?: readonly HubResult[] }).data ?? []
  } catch (e) {
    throw Object.assign(new Error(`unable to perform search against ${JSON.stringify(endpoint)}`), { hint: (e as Error).message })
  }
  const elements = found.map((r) => ({
    url: r.artifactHub?.packageUrl || `${endpoint}/charts/${r.id}`,
    version: r.relationships?.latestChartVersion?.data?.version ?? '',
    app_version: r.relationships?.latestChartVersion?.data?.app_version ?? '',
    description: r.attributes?.description ?? '',
    repository: { url: r.attributes?.repo?.url ?? '', name: r.attributes?.repo?.name ?? '' },
  }))
  const listsUrl = flags.has('list-repo-url')
  const heading = ['URL', 'CHART VERSION', 'APP VERSION', 'DESCRIPTION', ...(listsUrl ? ['REPO URL'] : [])]
  const rows = elements.map((e) => [e.url, e.version, e.app_version, e.description, ...(listsUrl ? [e.repository.url] : [])])
  return results(flags, heading, rows, () => elements)
}

export function run(argv: string[]): Promise<number> {
  const { verb, flags } = parseFamily(argv, FAMILY, 'search repo|hub WORD', {}, 'repo')
  const words = flags.args.join(' ')
  return verb === 'hub' ? searchHub(words, flags) : searchRepositories(words, flags)
}
