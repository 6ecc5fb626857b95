import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isSignedBy, parseJwt } from '../../src/api/auth/jwt/verify.ts'
import { openPki } from '../../src/api/auth/pki.ts'
import { serviceaccounts } from '../../src/apimachinery/resources.generated.ts'
import { startIssuer, tokenOf } from '../api/auth/issuer-server.ts'
import { startApiServer } from './apiserver-process.ts'

const test = suite('slipway apiserver: who asks')
const folder = mkdtempSync(join(tmpdir(), 'slipway-auth-'))
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
/** Of the issuer's server, and of proxies: not the cluster's. */
const others = await openPki({ directory: join(folder, 'others'), serviceAddress: '127.0.0.1' })
const issuer = await startIssuer(others.serving)
const key = { kid: 'k', ...generateKeyPairSync('rsa', { modulusLength: 2048 }) }
issuer.keys = [key]
const configuration = {
  apiVersion: 'apiserver.config.k8s.io/v1beta1',
  kind: 'AuthenticationConfiguration',
  jwt: [
    {
      issuer: { url: issuer.url, audiences: ['slipway'], certificateAuthority: others.caCert },
      claimMappings: { username: { claim: 'sub', prefix: 'oidc:' }, groups: { expression: 'claims.roles' } },
    },
  ],
  anonymous: { enabled: true, conditions: [{ path: '/livez' }] },
}
const server = await startApiServer(join(folder, 'data'), [
  ...['--authentication-config', file('auth.json', JSON.stringify(configuration))],
  ...['--requestheader-client-ca-file', file('proxies.pem', others.caCert), '--requestheader-allowed-names', 'front'],
  ...['--requestheader-uid-headers', 'X-Remote-Uid'],
])
const proxy = await others.clientCertificate('front', [])
const stranger = await others.clientCertificate('stranger', ['system:masters'])

interface Options {
  readonly headers?: Record<string, string | readonly string[]>
  readonly client?: { cert: string; key: string }
  readonly body?: object
}

function send(
  method: string,
  path: string,
  { headers = {}, client, body }: Options = {},
): Promise<{ status: number; json: never }> {
  return new Promise((resolve, reject) => {
    const call = request(
      `${server.server}${path}`,
      { method, rejectUnauthorized: false, agent: false, headers: { 'content-type': 'application/json', ...headers }, ...client },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part))
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, json: (text.startsWith('{') ? JSON.parse(text) : text) as never }),
        )
      },
    )
    call.on('error', reject)
    call.end(body && JSON.stringify(body))
  })
}

const whoAmI = (options: Options) =>
  send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { ...options, body: {} }) as Promise<{
    status: number
    json: { status?: { userInfo: { username: string; uid?: string; groups: string[]; extra?: Record<string, string[]> } } }
  }>
const bearer = (claims: object) => ({
  headers: {
    authorization: `Bearer ${tokenOf(key, { iss: issuer.url, aud: 'slipway', exp: Math.floor(Date.now() / 1000) + 60, sub: 'joe', roles: ['devs'], ...claims })}`,
  },
})

test('a token of the configured issuer is its user, over the wire and in TokenReview', async () => {
  const { status, json } = await whoAmI(bearer({}))
  assert.is(status, 201)
  assert.is(json.status?.userInfo.username, 'oidc:joe')
  assert.equal(json.status?.userInfo.groups, ['devs', 'system:authenticated'])
  assert.is((await whoAmI(bearer({ aud: 'other' }))).status, 401)
  const token = bearer({}).headers.authorization.slice('Bearer '.length)
  const review = await server.client.raw({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/tokenreviews',
    headers: { 'content-type': 'application/json' },
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
  })
  const answer = JSON.parse(Buffer.concat(await Array.fromAsync(review.body)).toString())
  assert.equal([answer.status.authenticated, answer.status.user.username], [true, 'oidc:joe'])
})

test('without credentials only the configured paths are answered', async () => {
  assert.is((await send('GET', '/livez')).status, 200)
  assert.is((await send('GET', '/readyz')).status, 401)
  assert.is((await send('GET', '/version')).status, 401)
})

test('a proxy says in headers who asks; without them, of another name, or as a client it is nobody', async () => {
  const headers = {
    'x-remote-user': 'amy',
    'x-remote-uid': 'u7',
    'x-remote-group': ['cn=ops,ou=x', 'devs'],
    'x-remote-extra-example.org%2ftenant': 'acme',
  }
  const { json } = await whoAmI({ client: proxy, headers })
  assert.equal(json.status?.userInfo, {
    username: 'amy',
    uid: 'u7',
    groups: ['cn=ops,ou=x', 'devs', 'system:authenticated'],
    extra: { 'example.org/tenant': ['acme'] },
  })
  assert.is((await whoAmI({ client: proxy })).status, 401)
  assert.is((await whoAmI({ client: stranger, headers })).status, 401)
  assert.is((await whoAmI({ client: stranger })).status, 401)
  // Headers of who is no proxy mean nothing.
  assert.is(
    (await whoAmI({ ...bearer({}), headers: { ...headers, ...bearer({}).headers } })).json.status?.userInfo.username,
    'oidc:joe',
  )
})

test('service account tokens can be verified by anybody with an account: discovery document and keys', async () => {
  await server.client.create(serviceaccounts, { metadata: { name: 'bot' } } as never, { namespace: 'default' })
  const answer = await server.client.raw({
    method: 'POST',
    path: '/api/v1/namespaces/default/serviceaccounts/bot/token',
    headers: { 'content-type': 'application/json' },
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: ['https://kubernetes.default.svc', 'vault'] },
    },
  })
  const { token } = JSON.parse(Buffer.concat(await Array.fromAsync(answer.body)).toString()).status as { token: string }
  const headers = { authorization: `Bearer ${token}` }
  const discovery = (await send('GET', '/.well-known/openid-configuration', { headers })) as unknown as {
    status: number
    json: { issuer: string; jwks_uri: string }
  }
  assert.equal([discovery.status, discovery.json.issuer], [200, 'https://kubernetes.default.svc'])
  assert.match(discovery.json.jwks_uri, /^https:\/\/.+:\d+\/openid\/v1\/jwks$/)
  const { keys } = (await send('GET', '/openid/v1/jwks', { headers })).json as { keys: { kid: string }[] }
  const jwt = parseJwt(token)
  const named = keys.find((k) => k.kid === jwt?.kid)
  assert.ok(jwt && named && isSignedBy(jwt, createPublicKey({ key: named as never, format: 'jwk' })))
  // Nobody in particular may not read them.
  assert.is((await send('GET', '/openid/v1/jwks')).status, 401)
})

test('flags that don’t go together are refused by name', async () => {
  const refused = (...flags: string[]) => startApiServer(join(folder, 'none'), flags).catch((e: Error) => e.message)
  const both = await refused(
    '--authentication-config',
    join(folder, 'auth.json'),
    '--oidc-issuer-url',
    'https://x',
    '--oidc-client-id',
    'y',
  )
  assert.match(
    String(both),
    /authentication-config file and oidc-\* flags are mutually exclusive: put the issuer of --oidc-issuer-url into the file/,
  )
  assert.match(
    String(await refused('--oidc-issuer-url', 'https://x')),
    /oidc-issuer-url and oidc-client-id must be specified together/,
  )
  assert.match(String(await refused('--oidc-issuer-url', 'http://x', '--oidc-client-id', 'y')), /URL scheme must be https/)
})

test.after(async () => {
  await server.kill('SIGTERM')
  await issuer.close()
  rmSync(folder, { recursive: true, force: true })
})
test.run()
