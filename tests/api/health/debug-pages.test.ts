import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { debugPagesRoute } from '../../../src/api/health/debug-pages.ts'
import type { RequestInfo } from '../../../src/api/pipeline/request-info.ts'
import type { ApiRequest, ApiResponse } from '../../../src/api/request.ts'

const startedAt = Date.UTC(2026, 10, 5, 22, 14, 52, 300)
const route = debugPagesRoute({
  flags: { port: '6443', data: '/data' },
  paths: () => ['/', '/apis/apps', '/readyz/etcd', '/readyz', '/metrics/slis', '/openapi/v2'],
  startedAt,
  now: () => startedAt + 3_723_900,
})

const ask = async (path: string, accept?: string): Promise<ApiResponse | undefined> =>
  route(
    {
      method: 'GET',
      path,
      query: new URLSearchParams(),
      headers: accept === undefined ? {} : { accept },
      signal: new AbortController().signal,
    } satisfies ApiRequest,
    { path } as RequestInfo,
    { name: 'a', groups: [] },
  )

const textOf = (answer: ApiResponse | undefined): string =>
  answer && 'bytes' in answer.body ? Buffer.from(answer.body.bytes).toString() : ''

test('without a type, or for anything, the pages are text', async () => {
  for (const accept of [undefined, '', '*/*', 'text/plain', 'application/json, text/*;q=0.5']) {
    const answer = await ask('/statusz', accept)
    assert.is(answer?.headers['content-type'], 'text/plain; charset=utf-8', accept)
    assert.match(textOf(answer), /^\napiserver statusz\nWarning: /)
    assert.match(textOf(answer), /\n\nStarted= Thu Nov {2}5 22:14:52 UTC 2026\nUp= 1 hr 02 min 03 sec\n/)
    assert.match(textOf(answer), /\nPaths= \/metrics \/readyz\n$/)
  }
  assert.match(textOf(await ask('/flagz')), /only\.\ndata=\/data\nport=6443\n$/)
  assert.is(await ask('/flags'), undefined)
})

test('those who ask for the kind of a page get an object, with a warning of the old version', async () => {
  const flags = await ask('/flagz', 'application/json;g=config.k8s.io;v=v1beta1;as=Flagz')
  assert.is(flags?.headers['content-type'], 'application/json;g=config.k8s.io;v=v1beta1;as=Flagz')
  assert.is(flags?.headers.warning, undefined)
  const metadata = { name: 'apiserver' }
  const wanted = { kind: 'Flagz', apiVersion: 'config.k8s.io/v1beta1', metadata, flags: { data: '/data', port: '6443' } }
  assert.equal(JSON.parse(textOf(flags)), wanted)
  const status = await ask('/statusz', 'application/json;g=config.k8s.io;v=v1alpha1;as=Statusz')
  assert.match(status?.headers.warning ?? '', /^299 - "This version of the statusz endpoint is deprecated/)
  assert.is(JSON.parse(textOf(status)).uptimeSeconds, 3723)
  assert.is(JSON.parse(textOf(status)).startTime, '2026-11-05T22:14:52Z')
})

test('an object of no kind, of another page or version, and other types are not acceptable', async () => {
  for (const accept of [
    'application/json',
    'text/html',
    'application/json;g=config.k8s.io;v=v1beta1;as=Statusz',
    'application/json;g=config.k8s.io;v=v1;as=Flagz',
    'application/vnd.kubernetes.protobuf;g=config.k8s.io;v=v1beta1;as=Flagz',
    'text/plain;g=config.k8s.io;v=v1beta1;as=Flagz',
  ]) {
    let message = ''
    await ask('/flagz', accept).catch((error: Error) => {
      message = error.message
    })
    assert.is(message, 'only the following media types are accepted: application/json, application/yaml, text/plain', accept)
  }
})

test.run()
