// `slipway chart template NAME CHART`: prints what a chart renders to.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Capabilities,
  DEFAULT_API_VERSIONS,
  DEFAULT_KUBE_VERSION,
  parseKubeVersion,
} from '../../helmlike/chart/capabilities.ts'
import type { Chart } from '../../helmlike/chart/chart.ts'
import { loadChart } from '../../helmlike/chart/load.ts'
import { pathMatcher } from '../../helmlike/chart/match-path.ts'
import { splitDocuments } from '../../helmlike/render/manifests.ts'
import { nearest } from '../../helmlike/render/nearest.ts'
import { checkInstallable, type Rendered, render, toText } from '../../helmlike/render/render.ts'
import { RenderError } from '../../helmlike/render/render-error.ts'
import { print, printError } from '../print.ts'
import { namespaceOf } from './flags/context-namespace.ts'
import { hostOf } from './flags/dns.ts'
import { FlagError, type Flags, type FlagTable, parseFlags, VALUE_FLAGS } from './flags/flags.ts'
import { CHART_FLAGS, chartForRelease } from './flags/locate.ts'
import { postRendererOf } from './flags/post-render.ts'
import { nameAndChart } from './flags/release-name.ts'
import { valueSources, valuesFromFlags } from './flags/values.ts'

export const FLAGS: FlagTable = {
  flags: {
    ...VALUE_FLAGS.flags,
    ...CHART_FLAGS.flags,
    'kube-version': 'value',
    'api-versions': 'value',
    'include-crds': 'bool',
    'no-hooks': 'bool',
    'skip-tests': 'bool',
    'is-upgrade': 'bool',
    'show-only': 'value',
    'skip-schema-validation': 'bool',
    'name-template': 'value',
    'generate-name': 'bool',
    'skip-crds': 'bool',
    'render-subchart-notes': 'bool',
    notes: 'bool',
    'output-dir': 'value',
    'release-name': 'bool',
    'dependency-update': 'bool',
    'dry-run': 'optional',
    'enable-dns': 'bool',
    'post-renderer': 'value',
    'post-renderer-args': 'value',
    // Flags of an install that mean nothing for a render: Helm takes them, too.
    'create-namespace': 'bool',
    description: 'value',
    'disable-openapi-validation': 'bool',
    'force-conflicts': 'bool',
    'force-replace': 'bool',
    'hide-notes': 'bool',
    labels: 'value',
    replace: 'bool',
    'rollback-on-failure': 'bool',
    'server-side': 'bool',
    'take-ownership': 'bool',
    timeout: 'value',
    wait: 'optional',
    'wait-for-jobs': 'bool',
  },
  short: { ...VALUE_FLAGS.short, a: 'api-versions', s: 'show-only', g: 'generate-name', l: 'labels' },
  deprecated: { force: 'force-replace', atomic: 'rollback-on-failure', validate: 'dry-run=server' },
}

/** Runs the verb; the exit status. */
export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, FLAGS)
  const isOffline = !asksCluster(flags)
  const [name, path] = await nameAndChart(flags, 'template', 'release-name')
  checkName(name)
  const values = await valuesFromFlags(flags)
  const chart = await chartAt(path, flags)
  checkInstallable(chart)
  const warn = (message: string) => void printError(`${message}\n`)
  if (chart.metadata.deprecated) warn('warning: this chart is deprecated')
  const asked = isOffline ? undefined : await (await import('./template-server.ts')).askCluster(flags)
  const work = render(chart, values, {
    release: {
      name,
      namespace: asked?.namespace ?? namespaceOf(flags),
      revision: 1,
      isUpgrade: flags.has('is-upgrade'),
    },
    ...(asked?.options ?? { capabilities: offlineCapabilities(flags), ...(await hostOf(flags)) }),
    skipSchemas: flags.has('skip-schema-validation'),
    loadSchema,
    subNotes: flags.has('render-subchart-notes'),
    valueSources: () => valueSources(flags),
    warn,
    ...(await postRendererOf(flags)),
  })
  const rendered = await shownIfInvalid(work, flags.has('debug'))
  await asked?.check(rendered)
  const folder = flags.get('output-dir')
  if (folder !== undefined)
    await (await import('./output/output-dir.ts')).writeFiles(
      rendered,
      flags.has('release-name') ? join(folder, name) : folder,
      flags.has('include-crds'),
    )
  else await print(flags.all('show-only').length > 0 ? onlyShown(rendered, flags) : text(rendered, flags))
  if (flags.has('notes') && rendered.notes !== '') await printError(`${rendered.notes}\n`)
  return 0
}

/** Schemas that a chart's refer to. */
const loadSchema = async (url: string) => (await import('./load-schema.ts')).loadSchema(url)

/** What the templates gave is printed by --debug also where it is no YAML; without, the error says so. */
async function shownIfInvalid(work: Promise<Rendered>, isDebug: boolean): Promise<Rendered> {
  try {
    return await work
  } catch (e) {
    if (!(e instanceof RenderError) || !e.files) throw e
    if (!isDebug) e.message += '\n\nUse --debug flag to render out invalid YAML'
    else for (const [path, text] of e.files) if (text.trim() !== '') await print(`---\n# Source: ${path}\n${text}\n`)
    throw e
  }
}

/** What the flags say of a cluster, where none is asked. */
function offlineCapabilities(flags: Flags): Capabilities {
  const kube = flags.get('kube-version')
  return {
    kubeVersion: kube === undefined ? DEFAULT_KUBE_VERSION : parseKubeVersion(kube),
    apiVersions: [...DEFAULT_API_VERSIONS, ...flags.all('api-versions').flatMap((v) => v.split(','))],
  }
}

/** Whether a cluster is asked; a template is always a dry run. Throws FlagError. */
function asksCluster(flags: Flags): boolean {
  const dryRun = flags.get('dry-run') || 'client'
  if (/^(?:|client|server|1|t|T|true|TRUE|True)$/.test(dryRun)) return dryRun === 'server'
  throw new FlagError(`invalid dry-run value (${JSON.stringify(dryRun)}). Must be "server" or "client"`)
}

/** A chart on disk, or wherever else it is. */
async function chartAt(reference: string, flags: Flags): Promise<Chart> {
  const isHere =
    flags.get('repo') === undefined && !flags.has('dependency-update') && !flags.has('verify') && existsSync(reference)
  return isHere ? loadChart(reference) : chartForRelease(reference, flags)
}

/** Helm's rule for the names of releases. */
export function checkName(name: string): void {
  if (name.length > 53 || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)) {
    throw new Error(
      `release name check failed: release name ${JSON.stringify(name)}: invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53`,
    )
  }
}

function text(r: Rendered, flags: Flags): string {
  const hooks = flags.has('skip-tests') ? r.hooks.filter((h) => !h.events.includes('test')) : r.hooks
  return toText({ ...r, hooks }, { includeCrds: flags.has('include-crds'), hooks: !flags.has('no-hooks') })
}

/** What the named templates made; a name may be a pattern, such as `templates/*.yaml`. Throws FlagError for one that made nothing. */
function onlyShown(r: Rendered, flags: Flags): string {
  const all = splitDocuments(text(r, flags)).map(({ content }) => ({
    content,
    path: /# Source: [^/]+\/(.+)/.exec(content)?.[1] ?? '',
  }))
  let out = ''
  for (const wanted of flags.all('show-only')) {
    const isWanted = pathMatcher(wanted)
    const found = all.filter(({ path }) => isWanted(path))
    if (found.length === 0) {
      const near = nearest(
        wanted,
        all.map(({ path }) => path),
      )
      throw new FlagError(`could not find template ${wanted} in chart`, near === undefined ? undefined : `did you mean ${near}?`)
    }
    for (const { content } of found) out += `---\n${content}\n`
  }
  return out
}
