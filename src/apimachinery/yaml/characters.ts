// Which characters a YAML text may hold, and what ends a word or a line.
import { YamlError } from './error.ts'

const FORBIDDEN =
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/** Throws YamlError where a text holds characters that YAML does not allow. */
export function checkCharacters(text: string): void {
  const bad = FORBIDDEN.exec(text)
  if (!bad) return
  const code = bad[0].charCodeAt(0)
  throw new YamlError(code >= 0xdc80 && code <= 0xdcff ? 'invalid leading UTF-8 octet' : 'control characters are not allowed')
}

export const isBreak = (c: number): boolean => c === 10 || c === 13 || c === 0x85 || c === 0x2028 || c === 0x2029
export const isBlank = (c: number): boolean => c === 32 || c === 9
/** A blank, a break or the end. */
export const isBlankOrEnd = (c: number): boolean => c === 32 || c === 10 || c === 9 || Number.isNaN(c) || isBreak(c)
