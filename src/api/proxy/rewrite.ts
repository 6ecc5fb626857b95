import { promisify } from 'node:util'
import { deflateRaw, gunzip, gzip, inflateRaw } from 'node:zlib'
import type { ApiResponse } from '../request.ts'
import type { Target } from './targets.ts'

/** Attributes of HTML that hold URLs, by tag. */
const urlAttributes: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
}

/** Pages that are longer than this are passed on as they are. */
const longestPage = 16 << 20

/** Where a proxied page came from, and what its own absolute links must begin with to come back through the proxy. */
interface ProxiedAt {
  /** `/api/v1/namespaces/a/pods/b/proxy` */
  readonly prefix: string
  readonly target: Pick<Target, 'host' | 'port'>
  /** The Host header that the client sent. */
  readonly requestHost: string
}

/** A link of a proxied page as it leads through the proxy; others' and relative ones stay as they are. Pure. */
export function rewrittenUrl(text: string, { prefix, target, requestHost }: ProxiedAt): string {
  const [, host, rest = ''] = /^(?:https?:)?\/\/([^/?#]*)(.*)$/is.exec(text) ?? [undefined, undefined, text]
  const isOwn = host === undefined || host === '' || host === `${target.host}:${target.port}` || host === requestHost
  if (!isOwn || !rest.startsWith('/') || rest.startsWith(prefix)) return text
  return prefix + rest
}

const tagPattern = /<([a-z][a-z0-9]*)((?:\s+[^\s"'<>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?)*\s*\/?)>/gi
const attributePattern = /(\s+)([^\s"'<>/=]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'=<>`]+)/g

/** HTML with its URLs rewritten by `rewrite`. Comments and text stay as they are. Pure. */
export function rewriteHtml(html: string, rewrite: (url: string) => string): string {
  return html.replace(tagPattern, (whole, tag: string, attributes: string) => {
    const names = urlAttributes[tag.toLowerCase()]
    if (!names) return whole
    const changed = attributes.replace(
      attributePattern,
      (attribute, space: string, name: string, equals: string, value: string) => {
        if (!names.includes(name.toLowerCase())) return attribute
        const quote = /^["']/.test(value) ? value.charAt(0) : ''
        const url = quote ? value.slice(1, -1) : value
        return `${space}${name}${equals}${quote}${rewrite(url)}${quote}`
      },
    )
    return `<${tag}${changed}>`
  })
}

const codecs = {
  '': { read: async (b: Buffer) => b, write: async (b: Buffer) => b },
  gzip: { read: promisify<Buffer, Buffer>(gunzip), write: promisify<Buffer, Buffer>(gzip) },
  deflate: { read: promisify<Buffer, Buffer>(inflateRaw), write: promisify<Buffer, Buffer>(deflateRaw) },
} as const

/** The answer of what is proxied, so that its redirects and its pages' links lead through the proxy. */
export async function throughProxy(response: ApiResponse, at: ProxiedAt): Promise<ApiResponse> {
  const { headers, body } = response
  if (headers.location) return { ...response, headers: { ...headers, location: rewrittenUrl(headers.location, at) } }
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim()
  const codec = codecs[(headers['content-encoding'] ?? '') as keyof typeof codecs]
  if (type !== 'text/html' || !codec || !('stream' in body)) return response
  const chunks: Uint8Array[] = []
  let size = 0
  const pieces = body.stream[Symbol.asyncIterator]()
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    chunks.push(next.value)
    size += next.value.length
    if (size > longestPage) return { ...response, body: { stream: joined(chunks, pieces) } }
  }
  const html = (await codec.read(Buffer.concat(chunks))).toString('utf8')
  const bytes = await codec.write(Buffer.from(rewriteHtml(html, (url) => rewrittenUrl(url, at))))
  const { 'content-length': _, ...rest } = headers
  return { ...response, headers: rest, body: { bytes } }
}

async function* joined(first: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* first
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
}
