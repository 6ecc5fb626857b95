import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { WebhookCalls } from '../../../../src/api/admission/webhook/call.ts'
import { openPki } from '../../../../src/api/auth/pki.ts'
import type { Objects } from '../../../../src/api/objects.ts'

const test = suite('posting to a webhook, as Go does it')
const directory = await mkdtemp(join(tmpdir(), 'slipway-post-'))
const pki = await openPki({ directory, serviceAddress: '10.43.0.1' })
const asked: string[] = []
let answer: (request: IncomingMessage, response: ServerResponse) => void = () => {}
const server = createServer(pki.serving, async (request, response) => {
  let size = 0
  for await (const piece of request) size += piece.length
  asked.push(`${request.method} ${request.url} ${size}`)
  answer(request, response)
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as { port: number }
const caBundle = Buffer.from(pki.caCert).toString('base64')
const calls = new WebhookCalls({} as Objects)
const at = `https://127.0.0.1:${port}`

test.after(async () => {
  calls.close()
  server.closeAllConnections()
  server.close()
  await rm(directory, { recursive: true })
})

/** What comes of a post, and what the webhook was asked. */
async function posted(how: typeof answer, ms = 2000) {
  asked.length = 0
  answer = how
  const told = await calls.ask({ url: `${at}/x`, caBundle }, { a: 1 }, ms).then(JSON.stringify, (error: Error) => error.message)
  return { told, asked: [...asked] }
}

const to =
  (status: number, location: string): typeof answer =>
  ({ url }, response) => {
    if (url?.startsWith('/x')) response.writeHead(status, { location }).end()
    else response.end('{}')
  }

test('a moved webhook is asked again there: with the review after 307, without it after 302', async () => {
  assert.equal(await posted(to(307, '/y?a=b')), { told: '{}', asked: ['POST /x?timeout=2s 7', 'POST /y?a=b 7'] })
  assert.equal(await posted(to(302, `${at}/y`)), { told: '{}', asked: ['POST /x?timeout=2s 7', 'GET /y 0'] })
})

test('what a redirect leads to is told of under its own address', async () => {
  const { told } = await posted(to(308, 'https://u:p@127.0.0.1:1/y'))
  assert.is(told, 'Post "https://u:***@127.0.0.1:1/y": dial tcp 127.0.0.1:1: connect: connection refused')
  assert.is((await posted(to(302, 'ftp://h/'))).told, 'Post "ftp://h/": unsupported protocol scheme "ftp"')
  const bad = 'failed to parse Location header "https://[::1/y": parse "https://[::1/y": missing \']\' in host'
  assert.is((await posted(to(302, 'https://[::1/y'))).told, `Post "${at}/x?timeout=2s": ${bad}`)
})

test('redirects end after ten', async () => {
  const { told, asked } = await posted(to(307, '/x'))
  assert.is(told, 'Post "/x": stopped after 10 redirects')
  assert.is(asked.length, 10)
})

test('who says when to come again is asked again then', async () => {
  let isFirst = true
  const busy = await posted((_, response) => {
    if (isFirst) response.writeHead(503, { 'retry-after': '0' }).end()
    else response.end('{}')
    isFirst = false
  })
  assert.equal(busy, { told: '{}', asked: ['POST /x?timeout=2s 7', 'POST /x?timeout=2s 7'] })
  const late = await posted((_, response) => response.writeHead(429, { 'retry-after': '60' }).end(), 50)
  assert.is(late.told, `Post "${at}/x?timeout=1s": context deadline exceeded`)
})

test('an answer may be compressed', async () => {
  const { told } = await posted((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"b":2}')))
  assert.is(told, '{"b":2}')
})

test('an answer that breaks off or is not finished in time is told of as such', async () => {
  const prefix = 'unexpected error when reading response body. Please retry. Original error: '
  const cut = await posted((_, response) => {
    response.writeHead(200, { 'content-length': 10 })
    response.write('{', () => response.socket?.destroy())
  })
  assert.is(cut.told, `${prefix}unexpected EOF`)
  const slow = await posted((_, response) => void response.writeHead(200, { 'content-length': 10 }).write('{'), 100)
  assert.is(slow.told, `${prefix}context deadline exceeded`)
})

test('what is no HTTP is told of by what it begins with', async () => {
  const { told } = await posted(({ socket }) => void socket.end('SMTP hello\r\n\r\n'))
  assert.is(told, `Post "${at}/x?timeout=2s": net/http: HTTP/1.x transport connection broken: malformed HTTP status code "hello"`)
})

test.run()
