// What the release verbs share: the cluster, the namespace, flags and how a release is shown.
import { homedir } from 'node:os'
import { join } from 'node:path'
import { httpsClient } from '../../client/https.ts'
import { readKubeconfig } from '../../client/kubeconfig.ts'
import { Releases } from '../../helmlike/release/operations.ts'
import type { ReleaseRecord } from '../../helmlike/release/record.ts'
import { type Flags, type FlagTable, parseFlags, VALUE_FLAGS } from './flags.ts'
import { LOCATE_FLAGS } from './locate.ts'
import { postRendererOf } from './post-render.ts'

export const RELEASE_FLAGS: FlagTable = {
  flags: {
    ...VALUE_FLAGS.flags,
    ...LOCATE_FLAGS.flags,
    namespace: 'value',
    kubeconfig: 'value',
    'kube-context': 'value',
    timeout: 'value',
    wait: 'bool',
    'wait-for-jobs': 'bool',
    atomic: 'bool',
    'rollback-on-failure': 'bool',
    'no-hooks': 'bool',
    'force-conflicts': 'bool',
    'dry-run': 'value',
    'skip-crds': 'bool',
    'upgrade-crds': 'bool',
    'post-renderer': 'value',
    'post-renderer-args': 'value',
    'create-namespace': 'bool',
    'take-ownership': 'bool',
    'history-max': 'value',
    'keep-history': 'bool',
    description: 'value',
    'skip-schema-validation': 'bool',
    install: 'bool',
    'reuse-values': 'bool',
    'reset-values': 'bool',
    'reset-then-reuse-values': 'bool',
    'server-side': 'value',
    revision: 'value',
    output: 'value',
    'all-namespaces': 'bool',
    all: 'bool',
  },
  short: { ...VALUE_FLAGS.short, n: 'namespace', i: 'install', o: 'output', A: 'all-namespaces', a: 'all' },
}

const UNITS: { readonly [unit: string]: number } = { s: 1000, m: 60_000, h: 3_600_000 }

function milliseconds(text: string): number {
  const m = /^(\d+)([smh])?$/.exec(text)
  if (!m) throw new Error(`invalid duration ${JSON.stringify(text)}: use 90s, 5m or 1h`)
  return Number(m[1]) * (UNITS[m[2] ?? 's'] ?? 1000)
}

/** Helm's three answers; `auto` goes on as the release was applied before. */
function serverSide(text: string | undefined): { serverSide?: boolean } {
  if (text === undefined || text === 'auto') return {}
  if (text !== 'true' && text !== 'false')
    throw new Error(`invalid --server-side ${JSON.stringify(text)}: use true, false or auto`)
  return { serverSide: text === 'true' }
}

/** Reads flags (`--dry-run` and `--server-side` may stand alone) and connects. */
export async function connect(argv: readonly string[]): Promise<{ flags: Flags; releases: Releases; namespace: string }> {
  const flags = parseFlags(
    argv.map((a) => (a === '--dry-run' ? '--dry-run=server' : a === '--server-side' ? '--server-side=true' : a)),
    RELEASE_FLAGS,
  )
  const path = flags.get('kubeconfig') ?? process.env.KUBECONFIG ?? join(homedir(), '.kube', 'config')
  const context = await readKubeconfig(path, flags.get('kube-context'))
  const namespace = flags.get('namespace') ?? context.namespace
  const dryRun = flags.get('dry-run')
  const description = flags.get('description')
  const releases = new Releases(httpsClient({ ...context.options, userAgent: 'slipway' }), {
    namespace,
    timeoutMs: milliseconds(flags.get('timeout') ?? '5m'),
    wait: flags.has('wait'),
    waitForJobs: flags.has('wait-for-jobs'),
    atomic: flags.has('atomic') || flags.has('rollback-on-failure'),
    noHooks: flags.has('no-hooks'),
    forceConflicts: flags.has('force-conflicts'),
    dryRun: dryRun !== undefined && dryRun !== 'none',
    skipCrds: flags.has('skip-crds'),
    upgradeCrds: flags.has('upgrade-crds'),
    ...serverSide(flags.get('server-side')),
    ...(await postRendererOf(flags)),
    createNamespace: flags.has('create-namespace'),
    takeOwnership: flags.has('take-ownership'),
    historyMax: Number(flags.get('history-max') ?? 10),
    keepHistory: flags.has('keep-history'),
    skipSchemas: flags.has('skip-schema-validation'),
    ...(description === undefined ? {} : { description }),
    warn: (message) => void process.stderr.write(`${message}\n`),
  })
  return { flags, releases, namespace }
}

/** The argument at `i`, or an error that shows how the verb is used. */
export function argument(flags: Flags, i: number, usage: string): string {
  const found = flags.args[i]
  if (found === undefined) throw new Error(`use: slipway chart ${usage}`)
  return found
}

/** A release as install, upgrade and status show it. */
export function shown(r: ReleaseRecord): string {
  const rows = [
    ['NAME', r.name],
    ['LAST DEPLOYED', r.info.last_deployed ?? ''],
    ['NAMESPACE', r.namespace],
    ['STATUS', r.info.status],
    ['REVISION', String(r.version)],
    ['DESCRIPTION', r.info.description ?? ''],
  ]
  const tests = (r.hooks ?? [])
    .filter((h) => h.events.includes('test'))
    .map((h) => `TEST SUITE: ${h.name} ${h.last_run.phase || 'not run'}\n`)
  return `${rows.map(([k, v]) => `${k}: ${v}`).join('\n')}\n${tests.join('')}${r.info.notes ? `NOTES:\n${r.info.notes}\n` : ''}`
}

export const print = (text: string): void => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
