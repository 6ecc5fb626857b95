// What fits after `slipway chart`: verbs, their flags and values, releases, charts.
import * as create from '../chart/create.ts'
import { FAMILY as DEPENDENCY } from '../chart/dependency.ts'
import * as env from '../chart/env.ts'
import { type Family, type Flags, type FlagTable, parseFlags } from '../chart/flags/flags.ts'
import { GLOBAL_FLAGS, GLOBAL_SHORT } from '../chart/flags/global-flags.ts'
import { GET_FLAGS, RELEASE_FLAGS } from '../chart/flags/release-flags.ts'
import * as lint from '../chart/lint.ts'
import * as packaging from '../chart/package.ts'
import { FAMILY as PLUGIN } from '../chart/plugin.ts'
import * as pull from '../chart/pull.ts'
import * as push from '../chart/push.ts'
import { FAMILY as REGISTRY } from '../chart/registry.ts'
import { FAMILY as REPO } from '../chart/repo.ts'
import { FAMILY as SEARCH } from '../chart/search.ts'
import { FAMILY as SHOW } from '../chart/show.ts'
import * as template from '../chart/template.ts'
import * as verify from '../chart/verify.ts'
import * as version from '../chart/version.ts'
import { ALIASES } from '../chart.ts'
import { type Candidate, fitting, type Offer } from './candidates.ts'

const NONE: FlagTable = { flags: {}, short: {} }

/** The flags of every verb. */
export const TABLES: { readonly [verb: string]: FlagTable } = {
  ...RELEASE_FLAGS,
  create: create.FLAGS,
  env: env.FLAGS,
  lint: lint.FLAGS,
  package: packaging.FLAGS,
  pull: pull.FLAGS,
  push: push.FLAGS,
  template: template.FLAGS,
  verify: verify.FLAGS,
  version: version.FLAGS,
  completion: NONE,
}

/** Those of verbs that have verbs of their own. */
export const FAMILIES: { readonly [verb: string]: Family } = {
  get: GET_FLAGS,
  dependency: DEPENDENCY,
  plugin: PLUGIN,
  registry: REGISTRY,
  repo: REPO,
  search: SEARCH,
  show: SHOW,
}

/** Names that are looked up for a command line. */
export interface Names {
  releases(flags: Flags): Promise<Candidate[]>
  revisions(flags: Flags, release: string): Promise<Candidate[]>
  namespaceNames(flags: Flags): Promise<Candidate[]>
  contexts(flags: Flags): Promise<Candidate[]>
  repositoryNames(): Candidate[]
  repositoryCharts(): Candidate[]
}

const words = (...list: string[]): Candidate[] => list.map((word) => ({ word }))

/** The values that flags have a choice of. */
const CHOICES: { readonly [flag: string]: readonly Candidate[] } = {
  output: words('table', 'json', 'yaml'),
  'dry-run': words('client', 'server', 'none'),
  'server-side': words('true', 'false', 'auto'),
  wait: words('watcher', 'hookOnly', 'legacy'),
  cascade: words('background', 'foreground', 'orphan'),
  color: words('never', 'always', 'auto'),
  colour: words('never', 'always', 'auto'),
}
/** Flags whose value is no file. */
const NO_FILE =
  /^(?:set(?:-string|-json|-literal)?|version|kube-(?:version|token|as-user|as-group|apiserver)|description|labels|name-template|timeout|username|password|filter|selector|max|offset|qps|burst-limit)$/

/** What fits the last of `written`, which come after `slipway chart`. */
export async function chartOffer(written: readonly string[], names: Names): Promise<Offer> {
  const [said = '', ...after] = written
  const verb = ALIASES[said] ?? said
  const last = written.at(-1) ?? ''
  if (after.length === 0) return fitting(last, words(...Object.keys(TABLES), ...Object.keys(FAMILIES)).sort(byWord))
  const family = Object.hasOwn(FAMILIES, verb) ? FAMILIES[verb] : undefined
  const inner = family && after.slice(0, -1).find((w) => Object.hasOwn(family, w))
  const table = family ? (inner === undefined ? union(family) : family[inner]) : TABLES[verb]
  if (!table) return { candidates: [] }
  const read = readWords(after, table)
  if (read.flag !== undefined) return flagValue(read, names)
  if (last.startsWith('-')) return fitting(last, flagNames(table))
  if (family && inner === undefined) return fitting(last, words(...Object.keys(family)))
  const args = inner === undefined ? read.args : read.args.slice(1)
  return argument(inner === undefined ? verb : `${verb} ${inner}`, args, last, read.flags(), names)
}

const byWord = (a: Candidate, b: Candidate) => (a.word < b.word ? -1 : 1)
const union = (family: Family): FlagTable => ({
  flags: Object.assign({}, ...Object.values(family).map((t) => t.flags)),
  short: Object.assign({}, ...Object.values(family).map((t) => t.short)),
})

const flagNames = (table: FlagTable): Candidate[] =>
  words(...Object.keys({ ...table.flags, ...GLOBAL_FLAGS, help: 'bool' }).map((name) => `--${name}`)).sort(byWord)

interface Read {
  /** Arguments before the last word. */
  readonly args: readonly string[]
  /** The flag whose value the last word is; `prefix` is what stands before the value in it. */
  readonly flag: string | undefined
  readonly prefix: string
  readonly last: string
  /** The flags of every verb that are given. */
  flags(): Flags
}

function readWords(after: readonly string[], table: FlagTable): Read {
  const args: string[] = []
  const given: string[] = []
  const last = after.at(-1) ?? ''
  const nameOf = (word: string) =>
    word.startsWith('--') ? word.slice(2) : (table.short[word[1] ?? ''] ?? GLOBAL_SHORT[word[1] ?? ''] ?? '')
  const kindOf = (name: string) => table.flags[name] ?? GLOBAL_FLAGS[name]
  let waiting: string | undefined
  for (const word of after.slice(0, -1)) {
    if (waiting !== undefined) {
      if (Object.hasOwn(GLOBAL_FLAGS, waiting)) given.push(`--${waiting}=${word}`)
      waiting = undefined
    } else if (!word.startsWith('-') || word === '-') args.push(word)
    else if (word.includes('=')) {
      if (Object.hasOwn(GLOBAL_FLAGS, word.slice(2).split('=')[0] ?? '')) given.push(word)
    } else {
      const name = nameOf(word)
      const kind = kindOf(name)
      if (kind === 'bool' && Object.hasOwn(GLOBAL_FLAGS, name)) given.push(word)
      const hasValue = !word.startsWith('--') && word.length > 2
      if (kind !== undefined && kind !== 'bool' && kind !== 'optional' && !hasValue) waiting = name
    }
  }
  const inline = /^--([a-z-]+)=/.exec(last)
  const flag = waiting ?? (inline && kindOf(inline[1] as string) !== undefined ? inline[1] : undefined)
  const prefix = waiting === undefined ? (inline?.[0] ?? '') : ''
  return { args, flag, prefix, last: last.slice(prefix.length), flags: () => parseFlags(given, NONE) }
}

async function flagValue({ flag = '', prefix, last, flags }: Read, names: Names): Promise<Offer> {
  const found =
    flag === 'namespace'
      ? await names.namespaceNames(flags())
      : flag === 'kube-context'
        ? await names.contexts(flags())
        : CHOICES[flag]
  if (!found) return { candidates: [], files: !NO_FILE.test(flag) }
  return fitting(
    prefix + last,
    found.map((c) => ({ ...c, word: prefix + c.word })),
  )
}

/** What fits as the argument after `args`. */
async function argument(verb: string, args: readonly string[], last: string, flags: Flags, names: Names): Promise<Offer> {
  const n = args.length
  const charts = (): Offer => fitting(last, /^[./~]/.test(last) ? [] : names.repositoryCharts(), true)
  switch (verb) {
    case 'uninstall': {
      const given = new Set(args)
      return fitting(
        last,
        (await names.releases(flags)).filter((c) => !given.has(c.word)),
      )
    }
    case 'rollback':
      if (n === 1) return fitting(last, await names.revisions(flags, args[0] as string))
      return n === 0 ? fitting(last, await names.releases(flags)) : { candidates: [] }
    case 'status':
    case 'history':
    case 'test':
      return n === 0 ? fitting(last, await names.releases(flags)) : { candidates: [] }
    case 'upgrade':
    case 'diff':
      if (n === 0) return fitting(last, await names.releases(flags))
      return n === 1 ? charts() : { candidates: [] }
    case 'install':
    case 'template':
      return n < 2 ? charts() : { candidates: [] }
    case 'pull':
      return charts()
    case 'repo remove':
    case 'repo update':
      return fitting(last, names.repositoryNames())
    case 'completion':
      return n === 0 ? fitting(last, words('bash', 'zsh', 'fish', 'powershell')) : { candidates: [] }
    default:
  }
  if (verb.startsWith('get ')) return n === 0 ? fitting(last, await names.releases(flags)) : { candidates: [] }
  if (verb.startsWith('show ')) return n === 0 ? charts() : { candidates: [] }
  return { candidates: [], files: /^(?:lint|package|verify|push|dependency|repo index|create)/.test(verb) }
}
