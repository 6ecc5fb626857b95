// `slipway chart template NAME CHART`: prints what a chart renders to.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_API_VERSIONS, DEFAULT_KUBE_VERSION, parseKubeVersion } from '../../helmlike/chart/capabilities.ts'
import type { Chart } from '../../helmlike/chart/chart.ts'
import { loadChart } from '../../helmlike/chart/load.ts'
import { checkInstallable, type Rendered, render, toText } from '../../helmlike/render/render.ts'
import { print } from '../print.ts'
import { type Flags, type FlagTable, parseFlags, VALUE_FLAGS } from './flags.ts'
import { chartForRelease, LOCATE_FLAGS } from './locate.ts'
import { postRendererOf } from './post-render.ts'
import { nameAndChart } from './release-name.ts'
import { valuesFromFlags } from './values.ts'

const FLAGS: FlagTable = {
  flags: {
    ...VALUE_FLAGS.flags,
    ...LOCATE_FLAGS.flags,
    namespace: 'value',
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
    atomic: 'bool',
    'server-side': 'optional',
    'take-ownership': 'bool',
    timeout: 'value',
    wait: 'optional',
    'wait-for-jobs': 'bool',
  },
  short: { ...VALUE_FLAGS.short, n: 'namespace', a: 'api-versions', s: 'show-only', g: 'generate-name', l: 'labels' },
}

/** Runs the verb; the exit status. */
export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, FLAGS)
  if (flags.get('dry-run') === 'server')
    throw new Error('--dry-run=server asks a cluster: use slipway chart install NAME CHART --dry-run=server')
  const [name, path] = await nameAndChart(flags, 'template', 'release-name')
  checkName(name)
  const values = await valuesFromFlags(flags)
  const chart = await chartAt(path, flags)
  checkInstallable(chart)
  const warn = (message: string) => void process.stderr.write(`${message}\n`)
  if (chart.metadata.deprecated) warn('warning: this chart is deprecated')
  const kube = flags.get('kube-version')
  const rendered = await render(chart, values, {
    release: {
      name,
      namespace: flags.get('namespace') ?? process.env.HELM_NAMESPACE ?? 'default',
      revision: 1,
      isUpgrade: flags.has('is-upgrade'),
    },
    capabilities: {
      kubeVersion: kube === undefined ? DEFAULT_KUBE_VERSION : parseKubeVersion(kube),
      apiVersions: [...DEFAULT_API_VERSIONS, ...flags.all('api-versions').flatMap((v) => v.split(','))],
    },
    skipSchemas: flags.has('skip-schema-validation'),
    subNotes: flags.has('render-subchart-notes'),
    warn,
    ...(await postRendererOf(flags)),
  })
  const folder = flags.get('output-dir')
  if (folder !== undefined)
    await (await import('./output-dir.ts')).writeFiles(
      rendered,
      flags.has('release-name') ? join(folder, name) : folder,
      flags.has('include-crds'),
    )
  else await print(flags.all('show-only').length > 0 ? onlyShown(rendered, flags) : text(rendered, flags))
  if (flags.has('notes') && rendered.notes !== '') process.stderr.write(`${rendered.notes}\n`)
  return 0
}

/** A chart on disk, or wherever else it is. */
async function chartAt(reference: string, flags: Flags): Promise<Chart> {
  const isHere = flags.get('repo') === undefined && !flags.has('dependency-update') && existsSync(reference)
  return isHere ? loadChart(reference) : chartForRelease(reference, flags)
}

/** Helm's rule for the names of releases. */
export function checkName(name: string): void {
  if (name.length > 53 || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)) {
    throw new Error(
      `release name check failed: invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53`,
    )
  }
}

function text(r: Rendered, flags: Flags): string {
  const hooks = flags.has('skip-tests') ? r.hooks.filter((h) => !h.events.includes('test')) : r.hooks
  return toText({ ...r, hooks }, { includeCrds: flags.has('include-crds'), hooks: !flags.has('no-hooks') })
}

function onlyShown(r: Rendered, flags: Flags): string {
  let out = ''
  for (const wanted of flags.all('show-only').flatMap((s) => s.split(','))) {
    const found = [...r.manifests, ...r.hooks].filter((m) => m.path.slice(m.path.indexOf('/') + 1) === wanted)
    if (found.length === 0) throw new Error(`could not find template ${wanted} in chart`)
    for (const m of found) out += `---\n# Source: ${m.path}\n${m.content}\n`
  }
  return out
}
