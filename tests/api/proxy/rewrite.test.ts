import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { connectOptions } from '../../../src/api/proxy/options.ts'
import { rewriteHtml, rewrittenUrl, throughProxy } from '../../../src/api/proxy/rewrite.ts'

const at = {
  prefix: '/api/v1/namespaces/a/pods/b/proxy',
  target: { host: '10.42.0.7', port: 80 },
  requestHost: '127.0.0.1:6443',
}

test("a page's own absolute links lead through the proxy; relative ones and others' stay", () => {
  const links = {
    '/x/?q=1': `${at.prefix}/x/?q=1`,
    'http://10.42.0.7:80/x': `${at.prefix}/x`,
    'https://127.0.0.1:6443/x': `${at.prefix}/x`,
    'x/y': 'x/y',
    '#top': '#top',
    'https://example.com/x': 'https://example.com/x',
    'javascript:void(0)': 'javascript:void(0)',
    [`${at.prefix}/x`]: `${at.prefix}/x`,
  }
  for (const [link, wanted] of Object.entries(links)) assert.is(rewrittenUrl(link, at), wanted)
})

test('only attributes that hold URLs are rewritten, however they are quoted', () => {
  const html = `<p title="/a">/b <A class=x HREF='/c'>c</A><img src=/d alt="/e"><br/><a href="/f"/><script>"<a href='/g"</script>`
  assert.is(
    rewriteHtml(html, (url) => `P${url}`),
    `<p title="/a">/b <A class=x HREF='P/c'>c</A><img src=P/d alt="/e"><br/><a href="P/f"/><script>"<a href='/g"</script>`,
  )
})

test('a page of a million open tags is read in linear time', () => {
  const began = performance.now()
  rewriteHtml('<a '.repeat(1_000_000), (url) => url)
  rewriteHtml(`<a${' b'.repeat(500_000)}`, (url) => url)
  assert.ok(performance.now() - began < 5000)
})

test('redirects lead through the proxy as well, and what is no page is not touched', async () => {
  const response = { status: 302, headers: { location: '/x' }, body: { bytes: new Uint8Array() } }
  assert.is((await throughProxy(response, at)).headers.location, `${at.prefix}/x`)
  const text = { status: 200, headers: { 'content-type': 'text/plain' }, body: { bytes: Buffer.from('<a href="/x">') } }
  assert.is(await throughProxy(text, at), text)
})

test('admission is shown the options that a connection asks for', () => {
  const query = new URLSearchParams('stdin=true&tty=false&container=c&command=sh&command=-c')
  assert.equal(connectOptions('pods', 'attach', query, ''), {
    apiVersion: 'v1',
    kind: 'PodAttachOptions',
    stdin: true,
    container: 'c',
  } as never)
  assert.equal(connectOptions('pods', 'exec', query, '').kind, 'PodExecOptions')
  assert.equal(connectOptions('pods', 'portforward', new URLSearchParams('ports=80,81'), ''), {
    apiVersion: 'v1',
    kind: 'PodPortForwardOptions',
    ports: [80, 81],
  } as never)
  assert.equal(connectOptions('services', 'proxy', new URLSearchParams(), 'x/y'), {
    apiVersion: 'v1',
    kind: 'ServiceProxyOptions',
    path: 'x/y',
  } as never)
})

test.run()
