// Which flags each release verb takes, and what they mean.

import { durationProblem, parseDuration } from '../../../helmlike/functions/dates/duration.ts'
import type { OperationOptions } from '../../../helmlike/release/operations.ts'
import { parseLabels } from '../../../helmlike/release/record.ts'
import { OUTPUT_FLAGS } from '../output/output.ts'
import { type Family, FlagError, type Flags, type FlagTable, VALUE_FLAGS } from './flags.ts'
import { CHART_FLAGS } from './locate.ts'

const CHANGE: FlagTable['flags'] = {
  timeout: 'value',
  wait: 'optional',
  'wait-for-jobs': 'bool',
  'no-hooks': 'bool',
  'dry-run': 'optional',
  'server-side': 'value',
  'force-conflicts': 'bool',
  'force-replace': 'bool',
  description: 'value',
}
const CHART: FlagTable['flags'] = {
  ...VALUE_FLAGS.flags,
  ...CHART_FLAGS.flags,
  'post-renderer': 'value',
  'post-renderer-args': 'value',
  'skip-schema-validation': 'bool',
  // Nothing to turn off: as Helm does with servers since Kubernetes 1.27, fields are left to the server to validate.
  'disable-openapi-validation': 'bool',
  'render-subchart-notes': 'bool',
  'dependency-update': 'bool',
  'enable-dns': 'bool',
  'skip-crds': 'bool',
}
const INSTALL: FlagTable['flags'] = {
  ...CHANGE,
  ...CHART,
  'rollback-on-failure': 'bool',
  'create-namespace': 'bool',
  'take-ownership': 'bool',
  'hide-notes': 'bool',
  'hide-secret': 'bool',
  labels: 'value',
  output: 'value',
}
const REVISION: FlagTable = { flags: { revision: 'int' }, short: {} }
const SHOWN_REVISION: FlagTable = { flags: { revision: 'int', output: 'value' }, short: OUTPUT_FLAGS.short }
const REPLACED = { force: 'force-replace', atomic: 'rollback-on-failure' }

/** The flags of each verb that looks at releases. */
export const RELEASE_FLAGS = {
  install: {
    flags: { ...INSTALL, 'server-side': 'bool', replace: 'bool', 'generate-name': 'bool', 'name-template': 'value' },
    short: { ...VALUE_FLAGS.short, ...OUTPUT_FLAGS.short, g: 'generate-name', l: 'labels' },
    deprecated: REPLACED,
  },
  upgrade: {
    flags: {
      ...INSTALL,
      install: 'bool',
      'cleanup-on-fail': 'bool',
      'history-max': 'int',
      'reuse-values': 'bool',
      'reset-values': 'bool',
      'reset-then-reuse-values': 'bool',
      'upgrade-crds': 'bool',
    },
    short: { ...VALUE_FLAGS.short, ...OUTPUT_FLAGS.short, i: 'install', l: 'labels' },
    deprecated: REPLACED,
  },
  rollback: {
    flags: { ...CHANGE, 'cleanup-on-fail': 'bool', 'history-max': 'int' },
    short: {},
    deprecated: { force: 'force-replace' },
  },
  uninstall: {
    flags: {
      timeout: 'value',
      wait: 'optional',
      'no-hooks': 'bool',
      'dry-run': 'bool',
      'keep-history': 'bool',
      'ignore-not-found': 'bool',
      cascade: 'value',
      description: 'value',
    },
    short: {},
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
      max: 'int',
      offset: 'int',
      short: 'bool',
      'no-headers': 'bool',
      'time-format': 'value',
    },
    short: {
      ...OUTPUT_FLAGS.short,
      A: 'all-namespaces',
      a: 'all',
      f: 'filter',
      l: 'selector',
      d: 'date',
      r: 'reverse',
      m: 'max',
      q: 'short',
    },
  },
  history: { flags: { output: 'value', max: 'int', 'show-rollback-revision': 'bool' }, short: OUTPUT_FLAGS.short },
  status: SHOWN_REVISION,
  test: { flags: { timeout: 'value', filter: 'value', logs: 'bool' }, short: {} },
  diff: {
    flags: { ...CHART, 'reuse-values': 'bool', 'reset-values': 'bool', 'reset-then-reuse-values': 'bool' },
    short: VALUE_FLAGS.short,
  },
} satisfies { readonly [verb: string]: FlagTable }

/** The flags of `get WHAT`. */
export const GET_FLAGS = {
  all: { flags: { ...REVISION.flags, template: 'value' }, short: {} },
  values: { flags: { ...SHOWN_REVISION.flags, all: 'bool' }, short: { ...SHOWN_REVISION.short, a: 'all' } },
  manifest: REVISION,
  metadata: SHOWN_REVISION,
  hooks: REVISION,
  notes: REVISION,
} satisfies Family

/** The revision that is asked for; undefined is the newest. */
export const revisionOf = (flags: Flags): number | undefined => Number(flags.get('revision') ?? 0) || undefined

/** Go's durations: 90s, 5m, 1h30m. Throws FlagError in Go's words. */
export function timeoutMs(flags: Flags, fallback: string): number {
  const text = flags.get('timeout') ?? fallback
  const ns = parseDuration(text)
  if (ns === undefined)
    throw new FlagError(
      `invalid argument ${JSON.stringify(text)} for "--timeout" flag: ${durationProblem(text)}`,
      'use 90s, 5m or 1h30m',
    )
  return Number(ns / 1_000_000n)
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
  const found = flags.get('dry-run')
  if (found === undefined || found === 'none' || /^(?:0|f|F|false|FALSE|False)$/.test(found)) return undefined
  if (found === 'server') return 'server'
  if (found === '' || found === 'client' || /^(?:1|t|T|true|TRUE|True)$/.test(found)) return 'client'
  throw new FlagError(`invalid dry-run value (${JSON.stringify(found)}). Must be "none", "server", or "client"`)
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

function cascadeOf(flags: Flags): OperationOptions['cascade'] {
  const found = flags.get('cascade')
  if (found === undefined || found === 'background' || found === 'foreground' || found === 'orphan') return found
  throw new FlagError(`invalid cascade value (${found}). Must be "background", "foreground", or "orphan"`)
}

/** What a change of a release shall do. */
export function operationOptions(flags: Flags): Omit<OperationOptions, 'namespace'> {
  const description = flags.get('description')
  const wait = choice(flags, 'wait', ['watcher', 'legacy', 'hookOnly', 'true', 'false'], 'watcher')
  const dryRun = dryRunOf(flags)
  const cascade = cascadeOf(flags)
  return {
    timeoutMs: timeoutMs(flags, '5m'),
    wait: wait !== undefined && wait !== 'hookOnly' && wait !== 'false',
    waitForJobs: flags.has('wait-for-jobs'),
    atomic: flags.has('rollback-on-failure'),
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
    historyMax: Number(flags.get('history-max') ?? process.env.HELM_MAX_HISTORY ?? 10),
    keepHistory: flags.has('keep-history'),
    skipSchemas: flags.has('skip-schema-validation'),
    subNotes: flags.has('render-subchart-notes'),
    labels: parseLabels(flags.all('labels')),
    ...(description === undefined ? {} : { description }),
  }
}
