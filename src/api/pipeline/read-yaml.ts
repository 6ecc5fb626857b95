import type { Document, Pair, YAMLError } from 'yaml'
import { exactNumbers, yamlMessage } from '../../apimachinery/yaml/exact-numbers.ts'
import { goYaml } from '../../apimachinery/yaml/go-tags.ts'
import { yamlPackage } from './yaml-package.ts'

const mostAliases = 100

/** What is no YAML, or no JSON when it is; the message is that of sigs.k8s.io/yaml as far as its words are known. */
export class YamlTextError extends Error {}

/** What the first document of `text` says, as sigs.k8s.io/yaml reads it. Throws YamlTextError. */
export function readYaml(text: string): unknown {
  const { isAlias, isMap, isSeq, isScalar, parseDocument, visit } = yamlPackage()
  const document: Document = parseDocument(text, { ...goYaml(text), uniqueKeys: false })
  const error = document.errors.find(({ code }) => code !== 'MULTIPLE_DOCS')
  if (error) throw new YamlTextError(`yaml: ${goMessage(error, text)}`)
  const keyError = (pair: Pair): string | undefined => {
    const { key, value } = pair
    if (isMap(key) || isSeq(key)) return `yaml: invalid map key: ${goValue(key.toJS(document))}`
    if (!(key === null || (isScalar(key) && key.value === null))) return undefined
    const said = isAlias(value) || isScalar(value) || isMap(value) || isSeq(value) ? value.toJS(document) : null
    return `unsupported map key of type: %!s(<nil>), key: <nil>, value: ${goValue(said)}`
  }
  try {
    visit(document, {
      Pair(_, pair) {
        const why = keyError(pair)
        if (why !== undefined) throw new YamlTextError(why)
      },
    })
    return exactNumbers(document.toJS({ maxAliasCount: mostAliases }))
  } catch (e) {
    if (e instanceof YamlTextError) throw e
    const unknown = /^Unresolved alias .*: (.*)$/.exec((e as Error).message)?.[1]
    throw new YamlTextError(unknown === undefined ? yamlMessage(e as Error) : `yaml: unknown anchor ${`'${unknown}'`} referenced`)
  }
}

/** As Go's `%#v` shows what YAML holds. */
function goValue(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[]interface {}{${value.map(goValue).join(', ')}}`
  if (typeof value !== 'object') return String(value)
  const members = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${goValue(inner)}`)
  return `map[interface {}]interface {}{${members.join(', ')}}`
}

/** What Go's YAML reader says of an error, as far as its words are known; else the reader's own. */
function goMessage(error: YAMLError, text: string): string {
  const line = error.linePos?.[0].line ?? 1
  const ofScanner = (why: string): string => (line > 1 ? `line ${line}: ${why}` : why)
  if (/^Unexpected flow-(?:map|seq)-end token/.test(error.message)) return ofScanner('did not find expected node content')
  if (/^Missing closing ["']/.test(error.message)) return ofScanner('found unexpected end of stream')
  if (/^Nested mappings are not allowed/.test(error.message)) return ofScanner('mapping values are not allowed in this context')
  if (/flow (?:sequence|map)/i.test(error.message) && /[[{,:]$/.test(text.trimEnd()))
    return `line ${line}: did not find expected node content`
  if (/flow sequence/i.test(error.message)) return `line ${line}: did not find expected ',' or ']'`
  if (/flow map/i.test(error.message)) return `line ${line}: did not find expected ',' or '}'`
  return error.message.split('\n', 1)[0] ?? error.message
}
