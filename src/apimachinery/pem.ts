interface Block {
  readonly type: string
  /** Between its first and its last line. */
  readonly body: string
}

/** The PEM blocks of a text, which may be anybody's: each line is looked at once. */
function* blocksOf(text: string): Generator<Block> {
  let end = -1
  for (let begin = text.indexOf('-----BEGIN '); begin >= 0; ) {
    const lineEnd = text.indexOf('\n', begin)
    if (lineEnd < 0) return
    const isFirst = begin === 0 || text[begin - 1] === '\n'
    const type = isFirst ? /^-----BEGIN ([^-]*)-----\r?$/.exec(text.slice(begin, lineEnd))?.[1] : undefined
    if (end < lineEnd) end = text.indexOf('-----END ', lineEnd)
    if (end < 0) return
    const last = `-----END ${type}-----`
    const isWhole = type !== undefined && text.startsWith(last, end)
    if (isWhole) yield { type, body: text.slice(lineEnd + 1, end) }
    begin = text.indexOf('-----BEGIN ', isWhole ? end + last.length : lineEnd)
  }
}

const textOf = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1')

/** The type of the first PEM block in a text that is itself in base64, e.g. CERTIFICATE REQUEST; undefined when there is none. */
export function pemType(base64: string | undefined): string | undefined {
  for (const { type } of blocksOf(textOf(base64 ?? ''))) return type
  return undefined
}

const hasHeaders = (body: string): boolean => body.includes(':')

/** What keeps a text (in base64) from being certificates in PEM; undefined when nothing does. In Kubernetes' words. */
export function certificatesProblem(base64: string): string | undefined {
  const { X509Certificate } = process.getBuiltinModule('node:crypto')
  let count = 0
  for (const { type, body } of blocksOf(textOf(base64))) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`
    if (hasHeaders(body)) return 'no PEM block headers are permitted'
    count++
    try {
      new X509Certificate(Buffer.from(body, 'base64'))
    } catch {
      return 'x509: malformed certificate'
    }
  }
  return count === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined
}
