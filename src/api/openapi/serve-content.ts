import type { ApiRequest, ApiResponse } from '../request.ts'

/** Bytes that may be asked for in part, or only when they have changed. */
interface Content {
  readonly bytes: Uint8Array
  /** With its quotes. */
  readonly etag?: string
  readonly lastModified: Date
  /** Sent with whatever is answered: content-type, vary, cache-control, expires. */
  readonly headers: Readonly<Record<string, string>>
}

const nothing = { bytes: new Uint8Array() }

/** What Go's http.ServeContent answers: 200, 206 with the ranges asked for, 304, 412 or 416. Any method reads. Pure. */
export function serveContent(request: Pick<ApiRequest, 'method' | 'headers'>, content: Content): ApiResponse {
  const { bytes, etag, lastModified } = content
  const tag = etag === undefined ? {} : { etag }
  const modified = { 'last-modified': lastModified.toUTCString() }
  const precondition = preconditionOf(request, content)
  const { 'content-type': type = '', ...others } = content.headers
  if (precondition === 304)
    return { status: 304, headers: { ...others, ...(etag === undefined ? modified : tag) }, body: nothing }
  const headers = { ...content.headers, ...tag, ...modified }
  if (precondition === 412) return { status: 412, headers, body: nothing }
  const all = { status: 200, headers: { ...headers, 'accept-ranges': 'bytes' }, body: { bytes } }
  const range = request.headers.range
  if (!range || !isOfThis(request, content)) return all
  const ranges = rangesOf(range, bytes.length)
  if (typeof ranges === 'string') return unsatisfied(ranges, content)
  if (ranges.length === 0 || ranges.reduce((sum, r) => sum + r.length, 0) > bytes.length) return all
  const [first] = ranges
  if (ranges.length === 1 && first) {
    const part = { ...all.headers, 'content-range': contentRange(first, bytes.length) }
    return { status: 206, headers: part, body: { bytes: bytes.subarray(first.start, first.start + first.length) } }
  }
  return severalParts(ranges, all.headers, type, bytes)
}

interface Range {
  readonly start: number
  readonly length: number
}

const contentRange = ({ start, length }: Range, size: number): string => `bytes ${start}-${start + length - 1}/${size}`

/** RFC 9110, section 13.2.2, in the order that Go takes: 304, 412, or undefined to go on. */
function preconditionOf({ method, headers }: Pick<ApiRequest, 'method' | 'headers'>, content: Content): 304 | 412 | undefined {
  const isRead = method === 'GET' || method === 'HEAD'
  const ifMatch = headers['if-match']
  const ifUnmodified = dateOf(headers['if-unmodified-since'])
  if (ifMatch) {
    if (!matches(ifMatch, content.etag, false)) return 412
  } else if (ifUnmodified !== undefined && seconds(content) > ifUnmodified) return 412
  const ifNoneMatch = headers['if-none-match']
  if (ifNoneMatch) {
    if (!matches(ifNoneMatch, content.etag, true)) return undefined
    return isRead ? 304 : 412
  }
  const ifModified = dateOf(headers['if-modified-since'])
  return isRead && ifModified !== undefined && seconds(content) <= ifModified ? 304 : undefined
}

const seconds = ({ lastModified }: Content): number => Math.floor(lastModified.getTime() / 1000)

function dateOf(header: string | undefined): number | undefined {
  const time = header ? Date.parse(header) : Number.NaN
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000)
}

/** Whether a list of tags names `etag`; a weak comparison passes over `W/`. */
function matches(header: string, etag: string | undefined, isWeak: boolean): boolean {
  const tags = header.split(',').map((tag) => tag.trim())
  if (tags.includes('*')) return true
  return etag !== undefined && tags.some((tag) => (isWeak ? tag.replace(/^W\//, '') : tag) === etag)
}

/** If-Range: ranges of another state of the content are not meant. */
function isOfThis({ method, headers }: Pick<ApiRequest, 'method' | 'headers'>, content: Content): boolean {
  const condition = headers['if-range']
  if (!condition || (method !== 'GET' && method !== 'HEAD')) return true
  if (/^(?:W\/)?"/.test(condition)) return condition === content.etag
  return dateOf(condition) === seconds(content)
}

/** The ranges of a Range header, those of them that the content has; a text: why there are none. */
function rangesOf(header: string, size: number): Range[] | string {
  if (!header.startsWith('bytes=')) return 'invalid range'
  const ranges: Range[] = []
  let isBeyond = false
  for (const part of header.slice('bytes='.length).split(',')) {
    const text = part.trim()
    if (text === '') continue
    const [, from = '', to = ''] = /^(\d*)\s*-\s*(\d*)$/.exec(text) ?? [undefined, undefined, undefined]
    if (from === '' && to === '') return 'invalid range'
    if (from === '') {
      const length = Math.min(Number(to), size)
      ranges.push({ start: size - length, length })
    } else if (Number(from) >= size) isBeyond = true
    else {
      if (to !== '' && Number(to) < Number(from)) return 'invalid range'
      const end = to === '' ? size - 1 : Math.min(Number(to), size - 1)
      ranges.push({ start: Number(from), length: end - Number(from) + 1 })
    }
  }
  return isBeyond && ranges.length === 0 ? 'invalid range: failed to overlap' : ranges
}

function unsatisfied(reason: string, { bytes, headers }: Content): ApiResponse {
  const { vary } = headers
  const where = reason === 'invalid range' ? {} : { 'content-range': `bytes */${bytes.length}` }
  const plain = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }
  return { status: 416, headers: { ...plain, ...where, ...(vary ? { vary } : {}) }, body: { bytes: Buffer.from(`${reason}\n`) } }
}

function severalParts(ranges: readonly Range[], headers: Content['headers'], type: string, bytes: Uint8Array): ApiResponse {
  // Any text that the content has not: JSON has no line that begins so, and readers of protobuf count bytes.
  const boundary = `${'-'.repeat(24)}${bytes.length.toString(16).padStart(36, '0')}`
  const chunks: Uint8Array[] = []
  for (const [i, range] of ranges.entries()) {
    const head = `Content-Range: ${contentRange(range, bytes.length)}\r\nContent-Type: ${type}\r\n\r\n`
    chunks.push(Buffer.from(`${i === 0 ? '' : '\r\n'}--${boundary}\r\n${head}`))
    chunks.push(bytes.subarray(range.start, range.start + range.length))
  }
  chunks.push(Buffer.from(`\r\n--${boundary}--\r\n`))
  return { status: 206, headers: { ...headers, 'content-type': `multipart/byteranges; boundary=${boundary}` }, body: { chunks } }
}
