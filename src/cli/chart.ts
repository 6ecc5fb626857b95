// `slipway chart …`: everything about charts and releases.

import { setPaths } from './chart/flags/global-flags.ts'
import { print, printError } from './print.ts'

const USAGE = `Usage: slipway chart <verb>

  template NAME CHART            render a chart to manifests
  lint CHART…                    say what is wrong with charts
  create NAME                    a new chart to start from
  show all|chart|values|readme|crds CHART
  package CHART…                 write .tgz files, the same bytes every time
  verify FILE                    check a .tgz against its .prov file
  dependency build|update|list CHART
  repo add|list|update|remove|index
  search [repo|hub] WORD         look through the known repositories, or a hub
  pull CHART                     download a chart (repository or OCI)
  push FILE oci://HOST/PATH      upload a chart to an OCI registry
  registry login|logout HOST     credentials for OCI registries
  env [NAME]                     Helm's variables, as they are here
  version                        the Helm that charts are rendered as by
  completion bash|zsh|fish|powershell
  plugin install|list|update|uninstall; NAME … runs the plugin of that name

Releases, in any cluster of a kubeconfig (-n, --kubeconfig, --kube-context):
  install NAME CHART | upgrade NAME CHART [--install] | rollback NAME [REVISION] | uninstall NAME
  list | history NAME | status NAME | get all|values|manifest|metadata|hooks|notes NAME | test NAME | diff NAME CHART

slipway chart <verb> --help tells more, with examples.
`

const VERBS: { readonly [verb: string]: () => Promise<{ run: (argv: string[]) => Promise<number> }> } = {
  template: () => import('./chart/template.ts'),
  lint: () => import('./chart/lint.ts'),
  create: () => import('./chart/create.ts'),
  show: () => import('./chart/show.ts'),
  package: () => import('./chart/package.ts'),
  verify: () => import('./chart/verify.ts'),
  dependency: () => import('./chart/dependency.ts'),
  repo: () => import('./chart/repo.ts'),
  search: () => import('./chart/search.ts'),
  pull: () => import('./chart/pull.ts'),
  push: () => import('./chart/push.ts'),
  registry: () => import('./chart/registry.ts'),
  install: () => import('./chart/install.ts'),
  upgrade: () => import('./chart/upgrade.ts'),
  rollback: () => import('./chart/rollback.ts'),
  uninstall: () => import('./chart/uninstall.ts'),
  list: () => import('./chart/list.ts'),
  history: () => import('./chart/history.ts'),
  status: () => import('./chart/status.ts'),
  get: () => import('./chart/get.ts'),
  test: () => import('./chart/test.ts'),
  diff: () => import('./chart/diff.ts'),
  env: () => import('./chart/env.ts'),
  version: () => import('./chart/version.ts'),
  completion: () => import('./chart/completion.ts'),
  plugin: () => import('./chart/plugin.ts'),
}

/** Helm's other names of verbs. */
export const ALIASES: { readonly [alias: string]: string } = {
  dep: 'dependency',
  dependencies: 'dependency',
  fetch: 'pull',
  hist: 'history',
  inspect: 'show',
  ls: 'list',
  del: 'uninstall',
  delete: 'uninstall',
  un: 'uninstall',
}

/** Runs a chart verb; the exit status. */
export async function run(argv: string[]): Promise<number> {
  const [verb, ...rest] = argv
  if (verb === undefined || verb === 'help' || verb === '--help' || verb === '-h') {
    await print(USAGE)
    return verb === undefined ? 2 : 0
  }
  const name = Object.hasOwn(ALIASES, verb) ? (ALIASES[verb] as string) : verb
  const load = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined
  if (!load) return told(() => runPlugin(verb, rest))
  const end = rest.indexOf('--')
  if ((end < 0 ? rest : rest.slice(0, end)).some((a) => a === '--help' || a === '-h')) {
    await print((await import('./chart/help.ts')).helpOf(name) ?? USAGE)
    return 0
  }
  setPaths(rest)
  return told(async () => (await load()).run(rest))
}

/** Runs the plugin that a verb is the name of, if it is one. */
async function runPlugin(verb: string, rest: readonly string[]): Promise<number> {
  const status = await (await import('./chart/plugin.ts')).runNamed(verb, rest)
  if (status !== undefined) return status
  await printError(`Error: unknown verb ${JSON.stringify(verb)} for "slipway chart"\n\n${USAGE}`)
  return 1
}

/** An error as a verb tells it, and its exit status. */
async function told(act: () => Promise<number>): Promise<number> {
  try {
    return await act()
  } catch (e) {
    if (!(e instanceof Error)) throw e
    const hint = 'hint' in e && typeof e.hint === 'string' ? `\nHint: ${e.hint}` : ''
    const isBug = e instanceof TypeError || e instanceof ReferenceError
    await printError(`Error: ${isBug ? e.stack : e.message}${hint}\n`)
    return 1
  }
}
