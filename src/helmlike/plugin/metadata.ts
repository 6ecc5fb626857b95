// plugin.yaml: the older form, without apiVersion, and v1. Both are read into the same.
import { ChartError } from '../chart/chart.ts'
import { parseVersion } from '../functions/version.ts'
import { isMap, type Value, type ValueMap } from '../gotemplate/value.ts'
import { parseYaml } from '../yaml/parse.ts'

/** A command for an operating system and an architecture, in Go's names; '' is any. */
export interface PlatformCommand {
  readonly os: string
  readonly arch: string
  readonly command: string
  readonly args: readonly string[]
}
export interface Plugin {
  readonly name: string
  readonly version: string
  readonly type: string
  readonly apiVersion: string
  readonly sourceUrl: string
  /** A line for lists. */
  readonly about: string
  /** It gets no arguments. */
  readonly ignoreFlags: boolean
  readonly commands: readonly PlatformCommand[]
  readonly hooks: { readonly [event: string]: readonly PlatformCommand[] }
  /** Whether variables in a hook's arguments are put in. */
  readonly expandsHooks: boolean
  readonly getters: readonly { readonly protocols: readonly string[]; readonly commands: readonly PlatformCommand[] }[]
  readonly folder: string
}

/** Reads the text of a plugin.yaml. Throws ChartError in Helm's words. */
export function readPlugin(text: string, folder: string): Plugin {
  const doc = parseYaml(text)
  if (!isMap(doc)) throw new ChartError('plugin.yaml is no map')
  const apiVersion = textAt(doc, 'apiVersion')
  if (apiVersion !== '' && apiVersion !== 'v1') throw new ChartError(`invalid plugin apiVersion: ${JSON.stringify(apiVersion)}`)
  const plugin = apiVersion === '' ? legacy(doc, folder) : v1(doc, folder)
  if (!/^[A-Za-z0-9_-]+$/.test(plugin.name))
    throw new ChartError(
      apiVersion === ''
        ? `invalid plugin name ${JSON.stringify(plugin.name)}: must contain only a-z, A-Z, 0-9, _ and -`
        : 'invalid plugin `name`',
    )
  if (plugin.version !== '' && !isVersion(plugin.version))
    throw new ChartError(`invalid plugin version ${JSON.stringify(plugin.version)}: must be valid semver`)
  return plugin
}

function legacy(doc: ValueMap, folder: string): Plugin {
  const single = textAt(doc, 'command')
  const several = commandsAt(doc, 'platformCommand')
  if (single !== '' && several.length > 0) throw new ChartError('both platformCommand and command are set')
  const hooks = hooksAt(doc)
  const old = mapAt(doc, 'hooks')
  if (old.size > 0 && Object.keys(hooks).length > 0) throw new ChartError('both platformHooks and hooks are set')
  const shell = [...old].map(([event, text]) => [event, [command('sh', ['-c', String(text)])]] as const)
  const getters = listAt(doc, 'downloaders').map((d, i) => {
    const [text, protocols] = [textAt(d, 'command'), textsAt(d, 'protocols')]
    if (text === '') throw new ChartError(`downloader ${i} has empty command`)
    if (protocols.length === 0) throw new ChartError(`downloader ${i} has no protocols`)
    return { protocols, commands: [command(text)] }
  })
  return {
    name: textAt(doc, 'name'),
    version: textAt(doc, 'version'),
    type: getters.length > 0 ? 'getter/v1' : 'cli/v1',
    apiVersion: 'legacy',
    sourceUrl: '',
    about: textAt(doc, 'usage').replace(/\s/g, ' '),
    ignoreFlags: doc.get('ignoreFlags') === true,
    commands: several.length > 0 ? several : single === '' ? [] : [command(single)],
    hooks: shell.length > 0 ? Object.fromEntries(shell) : hooks,
    expandsHooks: shell.length === 0,
    getters,
    folder,
  }
}

function v1(doc: ValueMap, folder: string): Plugin {
  const [type, runtime] = [textAt(doc, 'type'), textAt(doc, 'runtime')]
  if (textAt(doc, 'version') === '') throw new ChartError('plugin `version` is required')
  if (type === '') throw new ChartError('`type` missing')
  if (runtime === '') throw new ChartError('`runtime` missing')
  if (runtime !== 'subprocess')
    throw new ChartError(
      runtime === 'extism/v1'
        ? 'plugins of WebAssembly (extism/v1) do not run here'
        : `unsupported plugin runtime type: ${JSON.stringify(runtime)}`,
    )
  const [config, running] = [mapAt(doc, 'config'), mapAt(doc, 'runtimeConfig')]
  return {
    name: textAt(doc, 'name'),
    version: textAt(doc, 'version'),
    type,
    apiVersion: 'v1',
    sourceUrl: textAt(doc, 'sourceURL'),
    about: textAt(config, 'shortHelp'),
    ignoreFlags: config.get('ignoreFlags') === true,
    commands: commandsAt(running, 'platformCommand'),
    hooks: hooksAt(running),
    expandsHooks: false,
    getters: listAt(running, 'protocolCommands').map((d) => ({
      protocols: textsAt(d, 'protocols'),
      commands: commandsAt(d, 'platformCommand'),
    })),
    folder,
  }
}

const command = (text: string, args: readonly string[] = []): PlatformCommand => ({ os: '', arch: '', command: text, args })

function isVersion(text: string): boolean {
  try {
    parseVersion(text)
    return /^\d+\.\d+\.\d+/.test(text)
  } catch {
    return false
  }
}

const textOf = (v: Value): string => (v === undefined || v === null ? '' : String(v))
const textAt = (m: ValueMap, key: string): string => textOf(m.get(key))
function mapAt(m: ValueMap, key: string): ValueMap {
  const v = m.get(key)
  return isMap(v) ? v : new Map()
}
function listAt(m: ValueMap, key: string): ValueMap[] {
  const v = m.get(key)
  return Array.isArray(v) ? v.filter(isMap) : []
}
function textsAt(m: ValueMap, key: string): string[] {
  const v = m.get(key)
  return Array.isArray(v) ? v.map(textOf) : []
}
const commandsAt = (m: ValueMap, key: string): PlatformCommand[] =>
  listAt(m, key).map((c) => ({
    os: textAt(c, 'os'),
    arch: textAt(c, 'arch'),
    command: textAt(c, 'command'),
    args: textsAt(c, 'args'),
  }))
const hooksAt = (m: ValueMap): Plugin['hooks'] =>
  Object.fromEntries(
    [...mapAt(m, 'platformHooks').keys()].map((event) => [event, commandsAt(mapAt(m, 'platformHooks'), event as string)]),
  )
