import type { Document } from 'yaml'
import { yamlPackage } from './yaml-package.ts'

/** Keys that a mapping has twice, in go-yaml's words: `line 9: key "foo" already set in map`. */
export function duplicateKeys(text: string): string[] {
  const { isMap, isScalar, isSeq, LineCounter, parseDocument } = yamlPackage()
  const lines = new LineCounter()
  const document: Document = parseDocument(text, { uniqueKeys: false, schema: 'core', lineCounter: lines, logLevel: 'error' })
  const found: string[] = []
  const walk = (node: unknown): void => {
    if (isSeq(node)) for (const item of node.items) walk(item)
    if (!isMap(node)) return
    const seen = new Set<unknown>()
    for (const { key, value } of node.items) {
      walk(value)
      if (!isScalar(key)) continue
      if (seen.has(key.value))
        found.push(`line ${lines.linePos(key.range?.[0] ?? 0).line}: key ${JSON.stringify(key.value)} already set in map`)
      seen.add(key.value)
    }
  }
  walk(document.contents)
  return found
}

/** How go-yaml tells of several. */
export const duplicatesError = (duplicates: readonly string[]): string =>
  `yaml: unmarshal errors:\n${duplicates.map((d) => `  ${d}`).join('\n')}`
