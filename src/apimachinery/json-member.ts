const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket, comma] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d, 0x2c]

/** Where the value of member `key` starts in the object that starts at `from` in compact JSON; -1 when it has none. */
export function memberAt(text: string, from: number, key: string): number {
  const named = `"${key}":`
  let at = from + 1
  while (text.charCodeAt(at) === quote) {
    const value = stringEnd(text, at) + 1
    if (text.startsWith(named, at)) return value
    at = valueEnd(text, value)
    if (text.charCodeAt(at) === comma) at++
  }
  return -1
}

/** Behind the string that starts at `from`. */
function stringEnd(text: string, from: number): number {
  let at = from + 1
  for (let code = text.charCodeAt(at); code !== quote && at < text.length; code = text.charCodeAt(at))
    at += code === backslash ? 2 : 1
  return at + 1
}

/** Behind the value that starts at `from`. */
function valueEnd(text: string, from: number): number {
  let depth = 0
  let at = from
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === quote) at = stringEnd(text, at) - 1
    else if (code === openBrace || code === openBracket) depth++
    else if (depth === 0 && (code === comma || code === closeBrace || code === closeBracket)) return at
    else if (code === closeBrace || code === closeBracket) depth--
    at++
    if (depth === 0 && (code === quote || code === closeBrace || code === closeBracket)) return at
  }
  return at
}
