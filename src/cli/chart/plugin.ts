// `slipway chart plugin install|list|update|uninstall`, and the plugins themselves: `slipway chart NAME …`.
import { join } from 'node:path'
import { install, installedPlugins, provenanceOf, remove, update } from '../../helmlike/plugin/installed.ts'
import type { Plugin } from '../../helmlike/plugin/metadata.ts'
import { PluginExit, runHook, runPlugin } from '../../helmlike/plugin/run.ts'
import { print, printError } from '../print.ts'
import { variables } from './env.ts'
import { type Family, FlagError, type Flags, onlyArgument, parseFamily, parseFlags } from './flags/flags.ts'
import { GLOBAL_FLAGS, GLOBAL_SHORT } from './flags/global-flags.ts'
import { ACCESS_FLAGS } from './flags/locate.ts'
import { table } from './output/table.ts'

export const FAMILY: Family = {
  install: {
    flags: { ...ACCESS_FLAGS, version: 'value', verify: 'bool', keyring: 'value', 'plain-http': 'bool' },
    short: {},
  },
  list: { flags: { type: 'value' }, short: {} },
  update: { flags: {}, short: {} },
  uninstall: { flags: {}, short: {} },
}
const ALIASES = { add: 'install', ls: 'list', up: 'update', rm: 'uninstall', remove: 'uninstall' }

const warn = (message: string) => void printError(`${message}\n`)

/** Named `helm`, for plugins that call it: Helm's verbs are ours. */
const helmProgram = join(import.meta.dirname, '../../../bin/helm')
const NO_FLAGS = { flags: {}, short: {} }

/** What plugins are told of settings. */
const environment = (flags: Flags): NodeJS.ProcessEnv => ({
  ...process.env,
  ...variables(flags, process.env),
  HELM_BIN: helmProgram,
})

export async function run(argv: string[]): Promise<number> {
  const { verb, flags } = parseFamily(argv, FAMILY, 'plugin install|list|update|uninstall', ALIASES)
  const env = environment(flags)
  if (verb === 'list') await print(listed(installedPlugins(process.env, warn), flags.get('type') ?? ''))
  else if (verb === 'install') await installed(flags, env)
  else await each(verb === 'update' ? 'update' : 'uninstall', flags, env)
  return 0
}

function listed(plugins: readonly Plugin[], type: string): string {
  const rows = plugins
    .filter((p) => type === '' || p.type === type)
    .map((p) => [p.name, p.version, p.type, p.apiVersion, provenanceOf(p), p.sourceUrl || 'unknown'])
  return table([['NAME', 'VERSION', 'TYPE', 'APIVERSION', 'PROVENANCE', 'SOURCE'], ...rows])
}

async function installed(flags: Flags, env: NodeJS.ProcessEnv): Promise<void> {
  const source = onlyArgument(flags, 'plugin install PATH|URL')
  const { existsSync } = process.getBuiltinModule('node:fs')
  if (existsSync(source)) await print('Installing plugin from local directory (development mode)\n')
  else if (/^[./]/.test(source)) await install(source, '', process.env)
  else if (flags.get('verify') === undefined || flags.has('verify'))
    throw new Error('plugin source does not support verification. Use --verify=false to skip verification')
  else await print('WARNING: Skipping plugin signature verification\n')
  const plugin = await install(source, flags.get('version') ?? '', process.env)
  await runHook(plugin, 'install', env)
  await print(`Installed plugin: ${plugin.name}\n`)
}

/** Updates or uninstalls every plugin that is named; one that cannot be does not keep the others from it. */
async function each(verb: 'update' | 'uninstall', flags: Flags, env: NodeJS.ProcessEnv): Promise<void> {
  if (flags.args.length === 0) throw new FlagError(`please provide plugin name to ${verb}`)
  const plugins = installedPlugins(process.env, warn)
  const problems: string[] = []
  for (const name of flags.args) {
    const plugin = plugins.find((p) => p.name === name)
    if (!plugin) {
      problems.push(`plugin: ${name} not found`)
      continue
    }
    try {
      if (verb === 'uninstall') {
        remove(plugin)
        await runHook(plugin, 'delete', env)
      } else await runHook(await update(plugin, process.env), 'update', env)
      await print(`${verb === 'update' ? 'Updated' : 'Uninstalled'} plugin: ${name}\n`)
    } catch (e) {
      problems.push(`failed to ${verb} plugin ${name}, got error (${(e as Error).message})`)
    }
  }
  if (problems.length > 0) throw new Error(problems.join('\n'))
}

/** Runs the plugin of this name with the arguments that are not flags of every verb; undefined where there is none. */
export async function runNamed(name: string, argv: readonly string[]): Promise<number | undefined> {
  const plugin = installedPlugins(process.env, warn).find((p) => p.name === name && p.type === 'cli/v1')
  if (!plugin) return undefined
  const { known, others } = parted(argv)
  try {
    await runPlugin(plugin, others, environment(parseFlags(known, NO_FLAGS)))
    return 0
  } catch (e) {
    if (!(e instanceof PluginExit)) throw e
    await printError(`Error: ${e.message}\n`)
    return e.status
  }
}

/** Flags that Helm keeps to itself: plugins see them in their environment. */
const NOT_FOR_PLUGINS = Object.keys(GLOBAL_FLAGS).filter((f) => !/^(?:colou?r|qps|burst-limit|content-cache|debug)$/.test(f))

function parted(argv: readonly string[]): { known: string[]; others: string[] } {
  const [known, others]: [string[], string[]] = [[], []]
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string
    const name = arg.startsWith('--') ? (arg.slice(2).split('=')[0] as string) : (GLOBAL_SHORT[arg.slice(1)] ?? '')
    if (arg === '--debug') known.push(arg)
    else if (!NOT_FOR_PLUGINS.includes(name)) others.push(arg)
    else if (arg.includes('=') || i + 1 === argv.length) known.push(arg)
    else known.push(`--${name}=${argv[++i]}`)
  }
  return { known, others }
}
