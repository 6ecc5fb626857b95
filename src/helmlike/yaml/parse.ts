// YAML to values, as sigs.k8s.io/yaml unmarshals into interface{}: every number is a float64.
import { checkCharacters } from '../../apimachinery/yaml/characters.ts'
import { parseDocument } from '../../apimachinery/yaml/parser.ts'
import { toNumber } from '../../apimachinery/yaml/resolve.ts'
import type { Value } from '../gotemplate/value.ts'
import { parsePlainBlock } from './plain-block.ts'

/** The first document's value; null for an empty text. Throws YamlError. */
export function parseYaml(text: string): Value {
  checkCharacters(text)
  return parsePlainBlock(text) ?? parseTokens(text)
}

/** parseYaml by tokens, whatever the text. */
export const parseTokens = (text: string): Value => parseDocument(text, toNumber)
