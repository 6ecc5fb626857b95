// Helm's own folders: where `create --starter` looks, and what `env` tells.
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

interface HelmPaths {
  readonly cache: string
  readonly config: string
  readonly data: string
  /** The folder of a starter: an absolute path, or a name below the data folder. */
  starter(name: string): string
}

export function helmPaths(env: NodeJS.ProcessEnv = process.env): HelmPaths {
  const place = (own: string, xdg: string, ...fallback: string[]) =>
    env[own] || join(env[xdg] || join(homedir(), ...fallback), 'helm')
  const data = place('HELM_DATA_HOME', 'XDG_DATA_HOME', '.local', 'share')
  return {
    cache: place('HELM_CACHE_HOME', 'XDG_CACHE_HOME', '.cache'),
    config: place('HELM_CONFIG_HOME', 'XDG_CONFIG_HOME', '.config'),
    data,
    starter: (name) => (isAbsolute(name) ? name : join(data, 'starters', name)),
  }
}
