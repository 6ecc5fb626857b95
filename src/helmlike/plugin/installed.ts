// Plugins in Helm's folder of them: $HELM_PLUGINS, or `plugins` in its data folder.
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { basename, delimiter, join, resolve } from 'node:path'
import { ChartError } from '../chart/chart.ts'
import { compareVersions, parseConstraints, parseVersion, satisfies, type Version } from '../functions/version.ts'
import { helmPaths } from '../package/helm-paths.ts'
import { type Plugin, readPlugin } from './metadata.ts'
import { output } from './run.ts'

const MISSING = 'plugin metadata (plugin.yaml) missing'

/** The folders that plugins are in; the first is where they are installed. */
const pluginFolders = (env: NodeJS.ProcessEnv): [string, ...string[]] => {
  const [first = '', ...more] = (env.HELM_PLUGINS ?? '').split(delimiter).filter((f) => f !== '')
  return [first || join(helmPaths(env).data, 'plugins'), ...more]
}

/** Reads the plugin of a folder. Throws ChartError. */
function pluginIn(folder: string): Plugin {
  try {
    return readPlugin(readFileSync(join(folder, 'plugin.yaml'), 'utf8'), folder)
  } catch (e) {
    throw new ChartError(`failed to load plugin ${JSON.stringify(folder)}: ${(e as Error).message}`)
  }
}

/** Every plugin that can be read; `warn` is told of the others. */
export function installedPlugins(env: NodeJS.ProcessEnv, warn: (message: string) => void = () => {}): Plugin[] {
  if (env.HELM_NO_PLUGINS === '1') return []
  return pluginFolders(env).flatMap((folder) => {
    if (!existsSync(folder)) return []
    return readdirSync(folder)
      .sort()
      .map((name) => join(folder, name))
      .filter((at) => existsSync(join(at, 'plugin.yaml')))
      .flatMap((at) => {
        try {
          return [pluginIn(at)]
        } catch (e) {
          warn(`warning: ${(e as Error).message}`)
          return []
        }
      })
  })
}

/** Links a folder, or clones a Git repository (at a `version`: a tag, a branch, a commit or a range of versions). Throws ChartError. */
export async function install(source: string, version: string, env: NodeJS.ProcessEnv): Promise<Plugin> {
  const at = join(pluginFolders(env)[0], basename(source.replace(/\/+$/, '')).replace(/\.git$/, existsSync(source) ? '.git' : ''))
  if (lstatSync(at, { throwIfNoEntry: false })) throw new ChartError('plugin already exists')
  mkdirSync(pluginFolders(env)[0], { recursive: true })
  if (existsSync(source)) {
    if (!statSync(source).isDirectory())
      throw new ChartError("expected plugin to be a directory (containing a file 'plugin.yaml'): archives are not installed")
    if (!existsSync(join(source, 'plugin.yaml'))) throw new ChartError(MISSING)
    symlinkSync(resolve(source), at)
  } else await clone(source, version, at, env)
  try {
    return pluginIn(at)
  } catch (e) {
    throw new ChartError(`plugin is installed but unusable: ${(e as Error).message}`)
  }
}

async function clone(url: string, version: string, to: string, env: NodeJS.ProcessEnv): Promise<void> {
  if (!/^[a-z+]+:\/\/|^[\w.-]+@[\w.-]+:/.test(url))
    throw new ChartError(
      `cannot get information about plugin source ${JSON.stringify(url)} (if it's a local directory, does it exist?), last error was: Cannot detect VCS`,
    )
  if (url.startsWith('oci://')) throw new ChartError('plugins of registries are not installed: give their Git repository')
  const cached = join(helmPaths(env).cache, 'plugins', url.replace(/[^\w.-]+/g, '-'))
  rmSync(cached, { recursive: true, force: true })
  mkdirSync(join(cached, '..'), { recursive: true })
  await output('git', ['clone', '--quiet', '--', url, cached], env)
  if (version !== '')
    await output('git', ['-C', cached, 'checkout', '--quiet', await referenceFor(cached, url, version, env)], env)
  if (!existsSync(join(cached, 'plugin.yaml'))) throw new ChartError(MISSING)
  cpSync(cached, to, { recursive: true })
}

/** What Git knows the version by. */
async function referenceFor(repository: string, url: string, version: string, env: NodeJS.ProcessEnv): Promise<string> {
  for (const name of [version, `origin/${version}`]) {
    const known = await output('git', ['-C', repository, 'rev-parse', '--verify', '--quiet', `${name}^{commit}`], env).catch(
      () => '',
    )
    if (known !== '') return known.trim()
  }
  const range = parseConstraints(version)
  const tags = (await output('git', ['-C', repository, 'tag'], env)).split('\n').flatMap((tag): [string, Version][] => {
    try {
      return [[tag, parseVersion(tag)]]
    } catch {
      return []
    }
  })
  const [found] = tags.filter(([, v]) => satisfies(v, range)).sort(([, a], [, b]) => compareVersions(b, a))
  if (!found)
    throw new ChartError(`requested version ${JSON.stringify(version)} does not exist for plugin ${JSON.stringify(url)}`)
  return found[0]
}

/** Brings a plugin that is a Git repository up to date. Throws ChartError. */
export async function update(plugin: Plugin, env: NodeJS.ProcessEnv): Promise<Plugin> {
  const at = realpathSync(plugin.folder)
  if (!existsSync(join(at, '.git'))) throw new ChartError('cannot get information about plugin source')
  if ((await output('git', ['-C', at, 'status', '--porcelain'], env)) !== '') throw new ChartError('plugin repo was modified')
  // At a tag or a commit there is nothing to follow.
  const isAtBranch = await output('git', ['-C', at, 'symbolic-ref', '--quiet', 'HEAD'], env).then(
    () => true,
    () => false,
  )
  await output('git', ['-C', at, ...(isAtBranch ? ['pull', '--quiet', '--ff-only'] : ['fetch', '--quiet', '--tags'])], env)
  return pluginIn(plugin.folder)
}

/** A link goes, what it leads to stays. */
export const remove = (plugin: Plugin): void => rmSync(plugin.folder, { recursive: true })

/** How much is known of where a plugin is from; Helm looks for that under the plugin's name. */
export function provenanceOf(plugin: Plugin): string {
  if (basename(plugin.folder) !== plugin.name) return 'unknown'
  return lstatSync(plugin.folder).isSymbolicLink() ? 'local dev' : 'unsigned'
}
