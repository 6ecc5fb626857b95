import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openPki, type Pki } from '../../../../src/api/auth/pki.ts'
import { ReloadMetrics } from '../../../../src/api/health/reload-metrics.ts'
import { openAuthorization, serverOf } from '../../../../src/cli/assembly/api/authorization.ts'
import { ReloadedFile } from '../../../../src/cli/assembly/api/reloaded-file.ts'

const test = suite('authorization config')
const folder = mkdtempSync(join(tmpdir(), 'slipway-authorization-'))
const at = (name: string) => join(folder, name)
let pki: Pki
const asked: { path: string; type: string; authorization: string; body: { apiVersion: string; spec: object } }[] = []
const answer = { status: 200, body: '{"kind":"SubjectAccessReview","status":{"allowed":true,"reason":"by the webhook"}}' }
let silent = false
const server = () => {
  const made = createServer({ cert: pki.serving.cert, key: pki.serving.key }, async (req, res) => {
    let body = ''
    for await (const part of req) body += part
    const { authorization = '', 'content-type': type = '' } = req.headers
    asked.push({ path: req.url ?? '', type, authorization, body: JSON.parse(body) })
    if (silent) return
    res.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
  })
  return made
}
let https: ReturnType<typeof server>
let url = ''

test.before(async () => {
  pki = await openPki({ directory: at('pki'), serviceAddress: '10.43.0.1', addresses: [] })
  https = server().listen(0, '127.0.0.1')
  await once(https, 'listening')
  url = `https://127.0.0.1:${(https.address() as AddressInfo).port}`
  kubeconfig(`${url}/authorize`)
})
test.after(() => {
  https.closeAllConnections()
  https.close()
  rmSync(folder, { recursive: true })
})
test.before.each(() => {
  asked.length = 0
  silent = false
})

function kubeconfig(to: string): void {
  writeFileSync(
    at('kubeconfig'),
    JSON.stringify({
      clusters: [
        { name: 'c', cluster: { server: to, 'certificate-authority-data': Buffer.from(pki.caCert).toString('base64') } },
      ],
      users: [{ name: 'u', user: { token: 'of-the-server' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  )
}

const configuration = (...authorizers: object[]) =>
  JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration', authorizers })
const webhook = () => ({
  type: 'Webhook',
  name: 'w',
  webhook: {
    timeout: '3s',
    subjectAccessReviewVersion: 'v1',
    failurePolicy: 'NoOpinion',
    connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: at('kubeconfig') },
  },
})
const attributes = { user: { name: 'jane', groups: [] }, verb: 'get', path: '/x' }

/** Resolves when the file has been taken over, or refused, once more. */
function logged(): { log: (line: string) => void; next: () => Promise<string> } {
  let told = Promise.withResolvers<string>()
  return {
    log: (line) => told.resolve(line),
    next: async () => {
      const line = await told.promise
      told = Promise.withResolvers()
      return line
    },
  }
}

test('flags make the same chain without a file, and exclude it', async () => {
  const usual = await openAuthorization({})
  assert.equal(
    usual.choice.chosen.map((c) => c.type),
    ['Node', 'RBAC'],
  )
  const { choice } = await openAuthorization({
    'authorization-mode': 'Webhook,RBAC',
    'authorization-webhook-config-file': at('kubeconfig'),
    'authorization-webhook-cache-authorized-ttl': '0s',
  })
  assert.equal(
    choice.chosen.map(({ type, name }) => [type, name]),
    [
      ['Webhook', 'default'],
      ['RBAC', 'rbac'],
    ],
  )
  for (const _ of [1, 2]) assert.is((await choice.chosen[0]?.webhook?.(attributes))?.allowed, true)
  assert.is(asked.length, 2, 'a time of 0 keeps nothing')
  assert.is(asked[0]?.body.apiVersion, 'authorization.k8s.io/v1beta1')
  const refused = (values: Parameters<typeof openAuthorization>[0]) => openAuthorization(values).catch((e: Error) => e.message)
  assert.is(
    await refused({ 'authorization-mode': 'RBAC', 'authorization-config': '/x' }),
    '--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined',
  )
  assert.is(await refused({ 'authorization-mode': 'Rbac' }), 'authorization-mode "Rbac" is not a valid mode')
  assert.is(
    await refused({ 'authorization-mode': 'RBAC,RBAC' }),
    'authorization-mode ["RBAC" "RBAC"] has mode specified more than once',
  )
  assert.is(
    await refused({ 'authorization-mode': 'Webhook' }),
    "authorization-mode Webhook's authorization config file not passed",
  )
  assert.is(
    await refused({ 'authorization-mode': 'RBAC', 'authorization-webhook-config-file': '/x' }),
    'cannot specify --authorization-webhook-config-file without mode Webhook',
  )
})

test('reviews go to exactly the URL of the kubeconfig, with its credentials', async () => {
  const { choice, close } = await openAuthorization({ 'authorization-config': written(configuration(webhook())) })
  const [chosen] = choice.chosen
  assert.equal(await chosen?.webhook?.(attributes), { allowed: true, reason: 'by the webhook' })
  assert.equal(
    asked.map((a) => [a.path, a.type, a.authorization, a.body.spec]),
    [
      [
        '/authorize?timeout=3s',
        'application/json',
        'Bearer of-the-server',
        { nonResourceAttributes: { path: '/x', verb: 'get' }, user: 'jane' },
      ],
    ],
  )
  close()
})

test('a server that does not answer, or is not there, is told as Go tells it', async () => {
  const fail = (promise: Promise<unknown>) =>
    promise.then(
      () => '',
      (e: Error) => e.message,
    )
  silent = true
  const there = await serverOf(at('kubeconfig'))
  assert.is(await fail(there({}, 200)), `Post "${url}/authorize?timeout=200ms": context deadline exceeded`)
  kubeconfig('https://127.0.0.1:1')
  const nobody = await serverOf(at('kubeconfig'))
  assert.is(
    await fail(nobody({}, 3000)),
    'Post "https://127.0.0.1:1/?timeout=3s": dial tcp 127.0.0.1:1: connect: connection refused',
  )
  kubeconfig('http://127.0.0.1:1')
  assert.match(await fail(serverOf(at('kubeconfig'))), /must have an https URL/)
  kubeconfig(`${url}/authorize`)
})

test('a changed file is taken over; one that is not good leaves what was, and is counted', async () => {
  const path = written(configuration({ type: 'RBAC', name: 'rbac' }))
  const { choice, metrics, close } = await openAuthorization({ 'authorization-config': path })
  const { error } = console
  const { log, next } = logged()
  console.error = log
  try {
    const types = () => choice.chosen.map((c) => c.type)
    writeFileSync(path, configuration(webhook(), { type: 'RBAC', name: 'rbac' }))
    assert.is(await next(), 'reloaded authorization config')
    assert.equal(types(), ['Webhook', 'RBAC'])
    writeFileSync(path, configuration(webhook()))
    assert.match(await next(), /^reloading authorization config: --authorization-config .*: missing required types: \[RBAC\]$/)
    writeFileSync(path, configuration({ type: 'RBAC', name: 'rbac' }, { type: 'Node', name: 'node' }))
    assert.match(await next(), /authorizer type Node is not allowed if it was not enabled at initial server startup/)
    assert.equal(types(), ['Webhook', 'RBAC'])
    const lines = metrics.flatMap((m) => [...m.lines()]).join('\n')
    assert.match(lines, /config_controller_automatic_reloads_total\{apiserver_id_hash="sha256:\w+",status="success"\} 1\n/)
    assert.match(lines, /config_controller_automatic_reloads_total\{apiserver_id_hash="sha256:\w+",status="failure"\} 2\n/)
    assert.match(lines, /authorization_config_controller_last_config_info\{apiserver_id_hash="sha256:\w+",hash="sha256:\w+"\} 1/)
  } finally {
    console.error = error
    close()
  }
})

test('files are followed when they are replaced by renaming, and when a link to them leads elsewhere', async () => {
  const path = at('mounted.yaml')
  writeFileSync(at('v1'), 'one')
  writeFileSync(at('v2'), 'two')
  symlinkSync(at('v1'), at('data'))
  symlinkSync(at('data'), path)
  const seen: string[] = []
  const { log, next } = logged()
  const metrics = new ReloadMetrics('authorization', 'server', 'one')
  const apply = (content: string) => void seen.push(content)
  const file = await new ReloadedFile({ path, subject: 'file', content: 'one', apply, metrics, log }).follow()
  symlinkSync(at('v2'), at('other'))
  renameSync(at('other'), at('data'))
  await next()
  writeFileSync(at('v3'), 'three')
  renameSync(at('v3'), at('v2'))
  await next()
  assert.equal(seen, ['two', 'three'])
  file.close()
})

function written(content: string): string {
  writeFileSync(at('authorization.yaml'), content)
  return at('authorization.yaml')
}

test.run()
