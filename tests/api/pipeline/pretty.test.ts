import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sentJson } from '../../../src/api/audit/answer-text.ts'
import { admin, testApi } from '../test-api.ts'

const { api } = await testApi()
const get = async (path: string, query: string, userAgent: string) => {
  const signal = new AbortController().signal
  const headers = { 'user-agent': userAgent }
  const response = await api.handle({ method: 'GET', path, query: new URLSearchParams(query), headers, user: admin, signal })
  const { body } = response
  const text = 'bytes' in body ? Buffer.from(body.bytes).toString() : ''
  const chunks = 'chunks' in body ? Buffer.concat(body.chunks).toString() : text
  return { response, text: chunks }
}
const paths = ['/api/v1/namespaces/default', '/api/v1/namespaces', '/api/v1/namespaces/none', '/apis/apps/v1']

// As kube-apiserver 1.36.3 does.
test('programs by which people read get answers indented and without a last line break, the others compact and with one', async () => {
  for (const path of paths) {
    for (const agent of ['curl/8.5.0', 'Wget/1.21', 'Mozilla/5.0 (X11)']) {
      const { text } = await get(path, '', agent)
      assert.match(text, /^\{\n {2}"kind": .*\n\}$/s, `${agent} ${path}`)
    }
    for (const agent of ['kubectl/v1.36.0', 'xcurl', ''])
      assert.match((await get(path, '', agent)).text, /^\{"kind":[^\n]*\}\n$/, `${agent} ${path}`)
  }
})

test('who says whether to indent is heard; what is neither yes nor no is no, and nothing leaves it to the program', async () => {
  const isPretty = async (query: string, agent: string) =>
    (await get('/api/v1/namespaces/default', query, agent)).text.startsWith('{\n')
  for (const yes of ['1', 't', 'true', 'TRUE']) assert.ok(await isPretty(`pretty=${yes}`, 'kubectl'), yes)
  for (const no of ['0', 'false', 'x', 'yes']) assert.not(await isPretty(`pretty=${no}`, 'curl/8'), no)
  for (const nothing of ['pretty', 'pretty=']) {
    assert.ok(await isPretty(nothing, 'curl/8'))
    assert.not(await isPretty(nothing, 'kubectl'))
  }
})

test('an indented answer is one line of the audit log', async () => {
  const { response } = await get('/api/v1/namespaces/default', 'pretty=true', 'kubectl')
  const logged = sentJson(response) ?? ''
  assert.not.match(logged, /\n/)
  assert.is(JSON.parse(logged).metadata.name, 'default')
})

test.run()
