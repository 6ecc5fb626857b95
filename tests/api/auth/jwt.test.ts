import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createJwtAuthenticator } from '../../../src/api/auth/jwt/authenticator.ts'
import { readAuthenticationConfiguration } from '../../../src/api/auth/jwt/configuration.ts'
import { openPki } from '../../../src/api/auth/pki.ts'
import { type SigningKey, startIssuer, tokenOf } from './issuer-server.ts'

const test = suite('tokens of other issuers')
const folder = mkdtempSync(join(tmpdir(), 'slipway-oidc-'))
const pki = await openPki({ directory: folder, serviceAddress: '127.0.0.1' })
const issuer = await startIssuer(pki.serving)
const keyOf = (kid: string, type: 'rsa' | 'ec' = 'rsa'): SigningKey => ({
  kid,
  ...(type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' })),
})
const first = keyOf('one')
issuer.keys = [first]

let now = Date.parse('2026-06-01T00:00:00Z')
const seconds = () => Math.floor(now / 1000)
const claims = (more: object = {}) => ({
  iss: issuer.url,
  aud: 'slipway',
  exp: seconds() + 600,
  sub: 'joe',
  email: 'joe@example.com',
  ...more,
})

const username = { claim: 'sub', prefix: 'oidc:' }
const configuration = (jwt: object) =>
  readAuthenticationConfiguration(
    JSON.stringify({
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthenticationConfiguration',
      jwt: [
        {
          issuer: { url: issuer.url, audiences: ['slipway'], certificateAuthority: pki.caCert },
          claimMappings: { username },
          ...jwt,
        },
      ],
    }),
    'auth.yaml',
    ['https://kubernetes.default.svc'],
  )
const authenticator = (jwt: object = {}) => createJwtAuthenticator(configuration(jwt).issuers, () => now)
const refusal = async (read: Promise<unknown> | undefined): Promise<string> => {
  try {
    await read
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

test('a signed token of the issuer is its user, with groups, uid and extra as they are mapped', async () => {
  const jwt = authenticator({
    claimMappings: {
      username,
      groups: { claim: 'roles', prefix: 'g:' },
      uid: { claim: 'uid' },
      extra: [
        { key: 'example.org/tenant', valueExpression: 'claims.tenant' },
        { key: 'example.org/none', valueExpression: '""' },
      ],
    },
  })
  const user = await jwt.read(tokenOf(first, claims({ roles: ['a', 'b'], uid: '42', tenant: 'acme', jti: 'id1' })))
  assert.equal(user, {
    name: 'oidc:joe',
    groups: ['g:a', 'g:b'],
    uid: '42',
    extra: { 'authentication.kubernetes.io/credential-id': ['JTI=id1'], 'example.org/tenant': ['acme'] },
  })
})

test('expressions make names and groups, and rules of claims and users refuse', async () => {
  const jwt = authenticator({
    claimMappings: {
      username: { expression: "claims.email_verified ? claims.email : 'nobody'" },
      groups: { expression: "claims.roles.split(',').map(r, 'team-' + r)" },
    },
    claimValidationRules: [
      { claim: 'hd', requiredValue: 'example.com' },
      { expression: 'claims.exp - claims.iat <= 3600', message: 'lives too long' },
    ],
    userValidationRules: [{ expression: "!user.username.startsWith('system:')", message: 'reserved' }],
  })
  const good = { email_verified: true, roles: 'x,y', hd: 'example.com', iat: seconds() }
  const user = await jwt.read(tokenOf(first, claims(good)))
  assert.equal([user?.name, user?.groups], ['joe@example.com', ['team-x', 'team-y']])
  assert.match(
    await refusal(jwt.read(tokenOf(first, claims({ ...good, hd: 'evil.com' })))),
    /required claim hd value does not match/,
  )
  assert.match(await refusal(jwt.read(tokenOf(first, claims({ ...good, exp: seconds() + 7200 })))), /lives too long/)
  assert.match(await refusal(jwt.read(tokenOf(first, claims({ ...good, email: 'system:admin' })))), /reserved/)
  assert.match(await refusal(jwt.read(tokenOf(first, claims({ ...good, roles: undefined })))), /no such key: roles/)
})

test('a token that has ended, is for others, of another key, or signed in another way is refused', async () => {
  const jwt = authenticator()
  assert.is((await jwt.read(tokenOf(first, claims())))?.name, 'oidc:joe')
  assert.match(await refusal(jwt.read(tokenOf(first, claims({ exp: seconds() - 1 })))), /token is expired/)
  assert.match(
    await refusal(jwt.read(tokenOf(first, claims({ aud: ['others'] })))),
    /expected audience in \["slipway"\] got \["others"\]/,
  )
  assert.match(await refusal(jwt.read(tokenOf(first, claims({ nbf: seconds() + 3600 })))), /before the nbf/)
  assert.match(await refusal(jwt.read(tokenOf({ ...keyOf('x'), kid: 'one' }, claims()))), /failed to verify/)
  assert.match(await refusal(jwt.read(tokenOf(first, claims(), 'HS256'))), /unsupported algorithm/)
  assert.match(await refusal(jwt.read(tokenOf(first, claims(), 'none'))), /unsupported algorithm/)
  // An algorithm that is allowed, but not that of the key.
  assert.match(await refusal(jwt.read(tokenOf(first, claims(), 'ES256'))), /failed to verify/)
  const token = tokenOf(first, claims())
  assert.match(await refusal(jwt.read(`${token.slice(0, -6)}AAAAAA`)), /failed to verify/)
})

test('tokens of others are not looked at', () => {
  const jwt = authenticator()
  assert.is(jwt.read(tokenOf(first, claims({ iss: 'https://elsewhere' }))), undefined)
  assert.is(jwt.read('no token at all'), undefined)
  assert.is(jwt.read('a.b.c'), undefined)
})

test('an issuer that changes its key is asked again; tokens of keys that it never had do not make it be asked each time', async () => {
  const jwt = authenticator()
  assert.is((await jwt.read(tokenOf(first, claims())))?.name, 'oidc:joe')
  const second = keyOf('two', 'ec')
  issuer.keys = [first, second]
  now += 5000
  assert.is((await jwt.read(tokenOf(second, claims())))?.name, 'oidc:joe')
  now += 5000
  const before = issuer.asked()
  const unknown = keyOf('three')
  await Promise.all(Array.from({ length: 20 }, () => refusal(jwt.read(tokenOf(unknown, claims())))))
  assert.is(issuer.asked(), before + 1)
})

test('an issuer that cannot be asked refuses its tokens with the reason, and is asked again later', async () => {
  const other = await startIssuer(pki.serving)
  const jwt = createJwtAuthenticator(configuration({ issuer: { url: other.url, audiences: ['slipway'] } }).issuers, () => now)
  other.keys = [first]
  assert.match(await refusal(jwt.read(tokenOf(first, claims({ iss: other.url })))), /not initialized: Get "https:.*certificate/)
  await other.close()
})

test('an e-mail address counts as a name only when it is verified', async () => {
  const jwt = authenticator({ claimMappings: { username: { claim: 'email', prefix: '' } } })
  assert.is((await jwt.read(tokenOf(first, claims())))?.name, 'joe@example.com')
  assert.match(await refusal(jwt.read(tokenOf(first, claims({ email_verified: false })))), /email not verified/)
})

test('a configuration with a mistake is refused with file, place and reason', () => {
  const refused = (jwt: object) => {
    try {
      configuration(jwt)
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }
  const mapped = (claimMappings: object) => refused({ claimMappings })
  assert.match(
    mapped({ username: { claim: 'sub' } }),
    /^auth\.yaml: jwt\[0\]\.claimMappings\.username\.prefix: prefix is required when claim is set/,
  )
  assert.match(mapped({ username: {} }), /username: claim or expression is required/)
  assert.match(mapped({ username: { expression: 'claims.email' } }), /claims\.email_verified must be used/)
  assert.is(mapped({ username: { expression: "claims.?email_verified.orValue(true) == true ? claims.email : ''" } }), '')
  assert.match(
    mapped({ username, extra: [{ key: 'kubernetes.io/x', valueExpression: 'claims.sub' }] }),
    /reserved for Kubernetes use/,
  )
  assert.match(mapped({ username: { expression: 'claim.sub' } }), /undeclared reference to 'claim'/)
  assert.match(refused({ userValidationRules: [{ expression: 'user.username' }] }), /must evaluate to bool/)
  assert.match(refused({ userValidationRules: [{ expression: "user.nickname == ''" }] }), /undefined field 'nickname'/)
  assert.match(
    refused({ issuer: { url: 'http://x', audiences: ['a'] } }),
    /issuer\.url: Invalid value: "http:\/\/x": URL scheme must be https/,
  )
  assert.match(
    refused({ issuer: { url: 'https://kubernetes.default.svc', audiences: ['a'] } }),
    /must not overlap with disallowed issuers/,
  )
  assert.match(
    refused({ issuer: { url: 'https://x', audiences: ['a', 'b'] } }),
    /audienceMatchPolicy must be MatchAny for multiple audiences/,
  )
})

test.after(async () => {
  await issuer.close()
  rmSync(folder, { recursive: true, force: true })
})
test.run()
