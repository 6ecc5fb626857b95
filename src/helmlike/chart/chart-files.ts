// `.Files` of a template: the files of a chart that are neither templates nor its own bookkeeping.

import { baseName } from '../functions/paths.ts'
import { fromBytes } from '../gotemplate/bytes.ts'
import { type MethodTable, stringList, TypedMap, type Value } from '../gotemplate/value.ts'
import { toYaml } from '../yaml/emit.ts'
import type { ChartFile } from './chart.ts'
import { globMatcher } from './match-path.ts'

/** The files as templates see them: engine.files with Get, GetBytes, Glob, Lines, AsConfig and AsSecrets. */
function filesForTemplates(files: Iterable<readonly [string, Buffer]>): TypedMap {
  const contents = new Map(files)
  const text = (name: string) => fromBytes(contents.get(name) ?? Buffer.alloc(0))
  const config = (encode: (data: Buffer) => string) => {
    const byBase = new Map<string, Value>()
    for (const [name, data] of contents) byBase.set(baseName(name), encode(data))
    return toYaml(byBase).slice(0, -1)
  }
  const none = { params: [], variadic: false }
  const one = { params: ['string'], variadic: false }
  const methods: MethodTable = {
    Get: { ...one, call: text },
    GetBytes: { ...one, call: (name: string) => contents.get(name) ?? new Uint8Array() },
    Glob: { ...one, call: (pattern: string) => glob(contents, pattern) },
    Lines: { ...one, call: (name: string) => lines(text(name)) },
    AsConfig: { ...none, call: () => config(fromBytes) },
    AsSecrets: { ...none, call: () => config((data) => data.toString('base64')) },
  }
  return new TypedMap('engine.files', contents, methods)
}

function glob(contents: ReadonlyMap<string, Buffer>, pattern: string): TypedMap {
  const matches = globMatcher(pattern)
  return filesForTemplates([...contents].filter(([name]) => matches(name)))
}

function lines(text: string): Value {
  if (text === '') return stringList([])
  return stringList((text.endsWith('\n') ? text.slice(0, -1) : text).split('\n'))
}

export const chartFiles = (files: readonly ChartFile[]): TypedMap =>
  filesForTemplates(files.map((f) => [f.name, f.data] as const))
