// The values that flags give: files first, then JSON, --set, --set-string, --set-file and --set-literal, as Helm orders them.
import { readFileSync } from 'node:fs'
import { mergeMaps, readValues } from '../../../helmlike/chart/read-values.ts'
import type { ValueSource } from '../../../helmlike/chart/value-origin.ts'
import { fromBytes } from '../../../helmlike/gotemplate/bytes.ts'
import type { ValueMap } from '../../../helmlike/gotemplate/value.ts'
import { FlagError, type Flags } from './flags.ts'

function readText(path: string): string {
  const file = path.trim() === '-' ? 0 : path
  return fromBytes(readFileSync(file))
}

const isUrl = (path: string) => /^https?:\/\//.test(path)

/** A file's text, or what a URL gives. */
async function fileOrUrl(path: string): Promise<string> {
  if (!isUrl(path)) return readText(path)
  const { download } = await import('../../../helmlike/package/http.ts')
  return fromBytes(await download(path))
}

/** The text of --set-file, whose grammar is read without a pause. */
function setFileText(path: string): string {
  if (isUrl(path)) throw new FlagError(`--set-file: ${path} is not fetched`, 'download it first, and give the file')
  try {
    return readText(path)
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ENOENT') throw e
    throw new FlagError(`failed parsing --set-file data: open ${path}: no such file or directory`)
  }
}

/** In the order in which Helm reads them. */
const SET_FLAGS = ['set-json', 'set', 'set-string', 'set-file', 'set-literal'] as const

/** The user's values. Throws ChartError, SetError or the file system's error. */
export async function valuesFromFlags(flags: Flags): Promise<ValueMap> {
  let values: ValueMap = new Map()
  for (const list of flags.all('values')) {
    for (const path of list.split(',')) values = mergeMaps(values, readValues(await fileOrUrl(path), path))
  }
  if (!SET_FLAGS.some((name) => flags.all(name).length > 0)) return values
  const { SET, SetError, SET_JSON, SET_LITERAL, SET_STRING, setFile, setValues } = await import(
    '../../../helmlike/chart/set-values.ts'
  )
  const styles = {
    'set-json': SET_JSON,
    set: SET,
    'set-string': SET_STRING,
    'set-file': setFile(setFileText),
    'set-literal': SET_LITERAL,
  }
  for (const name of SET_FLAGS) {
    for (const text of flags.all(name)) {
      if (name === 'set-json' && text.trim().startsWith('{')) values = mergeMaps(values, await jsonMap(text))
      else {
        try {
          setValues(text, values, styles[name])
        } catch (e) {
          if (!(e instanceof SetError)) throw e
          // Helm does not tell what is wrong with JSON.
          throw name === 'set-json'
            ? new FlagError(`failed parsing --set-json data ${text}`, `${e.message}, ${e.hint}`)
            : new FlagError(`failed parsing --${name} data: ${e.message}`, e.hint)
        }
      }
    }
  }
  return values
}

async function jsonMap(text: string): Promise<ValueMap> {
  const { parseJson, JsonError } = await import('../../../helmlike/yaml/json.ts')
  try {
    const v = parseJson(text)
    if (v instanceof Map) return v
  } catch (e) {
    if (!(e instanceof JsonError)) throw e
  }
  throw new Error(`failed parsing --set-json data JSON: ${text}`)
}

/** Every file and flag that gives values, in the order in which they are laid over each other, for errors that tell where one comes from. */
export async function valueSources(flags: Flags): Promise<readonly ValueSource[]> {
  const sources: ValueSource[] = []
  for (const name of flags.all('values').flatMap((list) => list.split(','))) {
    // Standard input has been read.
    if (name.trim() === '-' || isUrl(name)) continue
    const text = readText(name)
    sources.push({ name, text, values: readValues(text, name) })
  }
  for (const style of SET_FLAGS)
    for (const text of flags.all(style)) {
      const one: Flags = { ...flags, all: (name) => (name === style ? [text] : []) }
      sources.push({ name: `--${style} ${text}`, values: await valuesFromFlags(one) })
    }
  return sources
}
