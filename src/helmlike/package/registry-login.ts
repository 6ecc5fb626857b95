// Credentials of OCI registries, in Helm's own file: checked with the registry before they are kept.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { ChartError } from '../chart/chart.ts'
import { type OciOptions, Registry } from './oci.ts'
import { registryConfigPath } from './repositories.ts'

interface Config {
  auths?: { [host: string]: { auth?: string } }
  [more: string]: unknown
}

/** HOST[:PORT] of what a user calls a registry. Throws ChartError for a path or another scheme. */
function hostOf(text: string): string {
  const m = /^(?:oci:\/\/|https?:\/\/)?([A-Za-z0-9.-]+(?::\d+)?|\[[0-9a-fA-F:]+\](?::\d+)?)\/?$/.exec(text)
  if (!m) throw new ChartError(`invalid registry ${JSON.stringify(text)}: use HOST or HOST:PORT`)
  return m[1] as string
}

function readConfig(): Config {
  const path = registryConfigPath()
  if (!existsSync(path)) return {}
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Config
  } catch {
    throw new ChartError(`${path} is no JSON: mend or remove it`)
  }
}

/** Nobody else may read it. */
function writeConfig(config: Config): void {
  const path = registryConfigPath()
  mkdirSync(dirname(path), { recursive: true })
  const scratch = `${path}.${process.pid}`
  writeFileSync(scratch, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 })
  chmodSync(scratch, 0o600)
  renameSync(scratch, path)
}

/** Asks the registry whether it knows the user, then keeps the credentials; the registry's host. Throws ChartError. */
export async function login(registry: string, options: OciOptions & { username: string; password: string }): Promise<string> {
  const host = hostOf(registry)
  const ref = { host, repository: '', tag: undefined, digest: undefined }
  await new Registry(ref, options, options.plainHttp ?? false).checked('GET', '/v2/')
  const config = readConfig()
  const auth = Buffer.from(`${options.username}:${options.password}`).toString('base64')
  writeConfig({ ...config, auths: { ...config.auths, [host]: { auth } } })
  return host
}

/** Forgets a registry's credentials; false when there were none. */
export function logout(registry: string): boolean {
  const host = hostOf(registry)
  const config = readConfig()
  if (!config.auths || !Object.hasOwn(config.auths, host)) return false
  const { [host]: _gone, ...auths } = config.auths
  writeConfig({ ...config, auths })
  return true
}
