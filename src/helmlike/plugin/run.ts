// Starts the programs of plugins.
import { ChartError } from '../chart/chart.ts'
import { platformOf, prepared } from './command.ts'
import type { Plugin } from './metadata.ts'

const HERE = platformOf(process.platform, process.arch)
const MAX_OUTPUT = 64 << 20

/** A plugin's program ended with another exit status than 0. */
export class PluginExit extends Error {
  readonly status: number
  constructor(name: string, status: number) {
    super(`plugin ${JSON.stringify(name)} exited with error`)
    this.name = 'PluginExit'
    this.status = status
  }
}

/** What every program of a plugin finds in its environment. */
const environment = (plugin: Plugin, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...env,
  HELM_PLUGIN_NAME: plugin.name,
  HELM_PLUGIN_DIR: plugin.folder,
})

/** Runs a plugin of the command line with our own standard input and output. Throws PluginExit. */
export async function runPlugin(plugin: Plugin, more: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const all = environment(plugin, env)
  const { program, args } = prepared(plugin.commands, HERE, all, { expand: true, more: plugin.ignoreFlags ? [] : more })
  const status = await started(program, args, all)
  if (status !== 0) throw new PluginExit(plugin.name, status)
}

/** Runs what a plugin does on `install`, `update` or `delete`, if anything. Throws ChartError. */
export async function runHook(plugin: Plugin, event: string, env: NodeJS.ProcessEnv): Promise<void> {
  const commands = plugin.hooks[event] ?? []
  if (commands.length === 0) return
  const all = environment(plugin, env)
  const { program, args } = prepared(commands, HERE, all, { expand: plugin.expandsHooks })
  if ((await started(program, args, all)) !== 0)
    throw new ChartError(`plugin ${event} hook for ${JSON.stringify(plugin.name)} exited with error`)
}

/** Program and arguments of a plugin that a post-renderer is. Throws ChartError. */
export function postRendererOf(
  plugin: Plugin,
  more: readonly string[],
  env: NodeJS.ProcessEnv,
): { readonly program: string; readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv } {
  const all = environment(plugin, env)
  return { ...prepared(plugin.commands, HERE, all, { expand: true, more }), env: all }
}

function started(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { spawn } = process.getBuiltinModule('node:child_process')
  return new Promise((done, reject) => {
    const child = spawn(program, [...args], { env, stdio: 'inherit' })
    child.on('error', (e) => reject(new ChartError(e.message)))
    child.on('close', (status) => done(status ?? 1))
  })
}

/** What a program prints. Throws ChartError with what it complains of. */
export function output(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { execFile } = process.getBuiltinModule('node:child_process')
  return new Promise((done, reject) =>
    execFile(program, [...args], { env, maxBuffer: MAX_OUTPUT }, (error, stdout, stderr) =>
      error ? reject(new ChartError(stderr.trim() || error.message)) : done(stdout),
    ),
  )
}
