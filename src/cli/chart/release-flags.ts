// Which flags each release verb takes, and what they mean.
import type { OperationOptions } from '../../helmlike/release/operations.ts'
import { parseLabels } from '../../helmlike/release/record.ts'
import { type Flags, type FlagTable, VALUE_FLAGS } from './flags.ts'
import { LOCATE_FLAGS } from './locate.ts'

const CHANGE: FlagTable['flags'] = {
  timeout: 'value',
  wait: 'optional',
  'wait-for-jobs': 'bool',
  'no-hooks': 'bool',
  'dry-run': 'optional',
  'server-side': 'optional',
  'force-conflicts': 'bool',
  'force-replace': 'bool',
  description: 'value',
}
const CHART: FlagTable['flags'] = {
  ...VALUE_FLAGS.flags,
  ...LOCATE_FLAGS.flags,
  'post-renderer': 'value',
  'post-renderer-args': 'value',
  'skip-schema-validation': 'bool',
  'disable-openapi-validation': 'bool',
  'render-subchart-notes': 'bool',
  'dependency-update': 'bool',
  'skip-crds': 'bool',
}
const INSTALL: FlagTable['flags'] = {
  ...CHANGE,
  ...CHART,
  atomic: 'bool',
  'rollback-on-failure': 'bool',
  'create-namespace': 'bool',
  'take-ownership': 'bool',
  'hide-notes': 'bool',
  'hide-secret': 'bool',
  labels: 'value',
  output: 'value',
}
const SHORT = { ...VALUE_FLAGS.short, n: 'namespace', o: 'output' }

/** The flags of each verb that looks at releases. */
export const RELEASE_FLAGS = {
  install: {
    flags: { ...INSTALL, replace: 'bool', 'generate-name': 'bool', 'name-template': 'value' },
    short: { ...SHORT, g: 'generate-name', l: 'labels' },
  },
  upgrade: {
    flags: {
      ...INSTALL,
      install: 'bool',
      'cleanup-on-fail': 'bool',
      'history-max': 'value',
      'reuse-values': 'bool',
      'reset-values': 'bool',
      'reset-then-reuse-values': 'bool',
      'upgrade-crds': 'bool',
    },
    short: { ...SHORT, i: 'install', l: 'labels' },
  },
  rollback: { flags: { ...CHANGE, 'cleanup-on-fail': 'bool', 'history-max': 'value' }, short: SHORT },
  uninstall: {
    flags: {
      timeout: 'value',
      wait: 'optional',
      'no-hooks': 'bool',
      'dry-run': 'optional',
      'keep-history': 'bool',
      'ignore-not-found': 'bool',
      cascade: 'value',
      description: 'value',
    },
    short: SHORT,
  },
  list: {
    flags: {
      output: 'value',
      'all-namespaces': 'bool',
      all: 'bool',
      deployed: 'bool',
      failed: 'bool',
      pending: 'bool',
      superseded: 'bool',
      uninstalled: 'bool',
      uninstalling: 'bool',
      filter: 'value',
      selector: 'value',
      date: 'bool',
      reverse: 'bool',
      max: 'value',
      offset: 'value',
      short: 'bool',
      'no-headers': 'bool',
    },
    short: { ...SHORT, A: 'all-namespaces', a: 'all', f: 'filter', l: 'selector', d: 'date', r: 'reverse', m: 'max', q: 'short' },
  },
  history: { flags: { output: 'value', max: 'value' }, short: SHORT },
  status: { flags: { output: 'value', revision: 'value' }, short: SHORT },
  get: { flags: { output: 'value', revision: 'value', all: 'bool' }, short: { ...SHORT, a: 'all' } },
  test: { flags: { timeout: 'value', filter: 'value', logs: 'bool' }, short: SHORT },
  diff: { flags: { ...CHART, 'reuse-values': 'bool', 'reset-values': 'bool', 'reset-then-reuse-values': 'bool' }, short: SHORT },
} satisfies { readonly [verb: string]: FlagTable }

const UNITS: { readonly [unit: string]: number } = { s: 1000, m: 60_000, h: 3_600_000 }

function milliseconds(text: string): number {
  if (!/^(?:\d+(?:\.\d+)?[smh])+$|^\d+$/.test(text))
    throw new Error(`invalid duration ${JSON.stringify(text)}: use 90s, 5m or 1h30m`)
  if (/^\d+$/.test(text)) return Number(text) * 1000
  let sum = 0
  for (const [, n, unit] of text.matchAll(/([\d.]+)([smh])/g)) sum += Number(n) * (UNITS[unit as string] as number)
  return sum
}

/** One of the `allowed` words; undefined where the flag is not given. `alone` is what it says without a value. */
function choice<T extends string>(flags: Flags, name: string, allowed: readonly T[], alone?: T): T | undefined {
  const text = flags.get(name)
  if (text === undefined) return undefined
  const chosen = text === '' ? alone : allowed.find((a) => a === text)
  if (chosen === undefined) throw new Error(`invalid --${name} ${JSON.stringify(text)}: use ${allowed.join(', ')}`)
  return chosen
}

/** Whether a change is only tried out, and by whom; `true` and `false` are Helm 3's words. */
export function dryRunOf(flags: Flags): 'client' | 'server' | undefined {
  const found = choice(flags, 'dry-run', ['none', 'client', 'server', 'true', 'false'], 'client')
  if (found === 'true') return 'client'
  return found === 'client' || found === 'server' ? found : undefined
}

/** Helm's three answers; `auto` goes on as the release was applied before. */
function applying(flags: Flags): Pick<OperationOptions, 'serverSide' | 'forceConflicts' | 'forceReplace'> {
  const found = choice(flags, 'server-side', ['true', 'false', 'auto'], 'true')
  const [forceReplace, forceConflicts] = [flags.has('force-replace'), flags.has('force-conflicts')]
  if (forceReplace && forceConflicts) throw new Error('--force-replace and --force-conflicts exclude each other')
  if (forceReplace && found === 'true')
    throw new Error('--force-replace replaces objects, which --server-side=true does not: leave one out')
  const serverSide = forceReplace ? false : found === undefined || found === 'auto' ? undefined : found === 'true'
  return { forceReplace, forceConflicts, ...(serverSide === undefined ? {} : { serverSide }) }
}

/** What a change of a release shall do. */
export function operationOptions(flags: Flags): Omit<OperationOptions, 'namespace'> {
  const description = flags.get('description')
  const wait = choice(flags, 'wait', ['watcher', 'legacy', 'hookOnly', 'true', 'false'], 'watcher')
  const dryRun = dryRunOf(flags)
  const cascade = choice(flags, 'cascade', ['background', 'foreground', 'orphan'])
  return {
    timeoutMs: milliseconds(flags.get('timeout') ?? '5m'),
    wait: wait !== undefined && wait !== 'hookOnly' && wait !== 'false',
    waitForJobs: flags.has('wait-for-jobs'),
    atomic: flags.has('atomic') || flags.has('rollback-on-failure'),
    cleanupOnFail: flags.has('cleanup-on-fail'),
    noHooks: flags.has('no-hooks'),
    ...applying(flags),
    ...(dryRun ? { dryRun } : {}),
    ...(cascade ? { cascade } : {}),
    // `upgrade --install` comes here only where nothing is installed.
    replace: flags.has('replace') || flags.has('install'),
    skipCrds: flags.has('skip-crds'),
    upgradeCrds: flags.has('upgrade-crds'),
    createNamespace: flags.has('create-namespace'),
    takeOwnership: flags.has('take-ownership'),
    historyMax: Number(flags.get('history-max') ?? 10),
    keepHistory: flags.has('keep-history'),
    skipSchemas: flags.has('skip-schema-validation'),
    subNotes: flags.has('render-subchart-notes'),
    labels: parseLabels(flags.all('labels')),
    ...(description === undefined ? {} : { description }),
  }
}
