import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createJwtAuthenticator } from '../../../src/api/auth/jwt/authenticator.ts'
import { readAuthenticationConfiguration } from '../../../src/api/auth/jwt/configuration.ts'
import { JwtMetrics } from '../../../src/api/auth/jwt/metrics.ts'
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
const authenticator = (jwt: object = {}) => createJwtAuthenticator(configuration(jwt).issuers, { now: () => now })
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
    /expected audience "slipway" got \["others"\]/,
  )
  assert.is(
    await refusal(jwt.read(tokenOf(first, claims({ exp: seconds() - 1 })))),
    `oidc: verify token: oidc: token is expired (Token Expiry: ${new Date(now - 1000).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC)`,
  )
  assert.is((await jwt.read(tokenOf(first, claims({ nbf: seconds() + 60 }))))?.name, 'oidc:joe')
  assert.match(await refusal(jwt.read(tokenOf(first, claims({ nbf: seconds() + 61 })))), /before the nbf/)
  assert.match(await refusal(jwt.read(tokenOf({ ...keyOf('x'), kid: 'one' }, claims()))), /failed to verify/)
  assert.match(await refusal(jwt.read(tokenOf(first, claims(), 'HS256'))), /unsupported algorithm/)
  assert.match(await refusal(jwt.read(tokenOf(first, claims(), 'none'))), /unsupported algorithm/)
  // An algorithm that is allowed, but not that of the key.
  assert.match(await refusal(jwt.read(tokenOf(first, claims(), 'ES256'))), /failed to verify/)
  const token = tokenOf(first, claims())
  assert.match(await refusal(jwt.read(`${token.slice(0, -6)}AAAAAA`)), /failed to verify/)
})

test('of several audiences one is enough', async () => {
  const audiences = { audiences: ['b', 'a'], audienceMatchPolicy: 'MatchAny' }
  const jwt = authenticator({ issuer: { url: issuer.url, certificateAuthority: pki.caCert, ...audiences } })
  assert.is((await jwt.read(tokenOf(first, claims({ aud: ['x', 'b'] }))))?.name, 'oidc:joe')
  assert.is(
    await refusal(jwt.read(tokenOf(first, claims({ aud: 'x' })))),
    'oidc: verify token: oidc: expected audience in ["a" "b"] got ["x"]',
  )
})

test('discoveryURL is where the documents of another URL are', async () => {
  const url = 'https://issuer.example/tenant'
  issuer.pages.set('/elsewhere', { status: 200, body: JSON.stringify({ issuer: url, jwks_uri: `${issuer.url}/keys` }) })
  const place = { url, discoveryURL: `${issuer.url}/elsewhere`, audiences: ['slipway'], certificateAuthority: pki.caCert }
  const jwt = authenticator({ issuer: place })
  assert.is((await jwt.read(tokenOf(first, claims({ iss: url }))))?.name, 'oidc:joe')
})

/** A token that says that its groups are at `endpoint`. */
const elsewhere = (endpoint: string, more: object = {}) =>
  tokenOf(
    first,
    claims({
      _claim_names: { groups: 'src' },
      _claim_sources: { src: { endpoint, access_token: 'to-be-kept-secret' } },
      ...more,
    }),
  )
const groupsClaim = { claimMappings: { username, groups: { claim: 'groups', prefix: 'g:' } } }

test('groups that a token has elsewhere are fetched with the access token, and are believed as a token of their own', async () => {
  const jwt = authenticator(groupsClaim)
  const page = (body: string, status = 200) => issuer.pages.set('/groups', { status, body })
  const of = (body: string, status?: number) => {
    page(body, status)
    return jwt.read(elsewhere(`${issuer.url}/groups`))
  }
  issuer.pagesAsked.length = 0
  assert.equal((await of(tokenOf(first, claims({ groups: ['a', 'b'] }))))?.groups, ['g:a', 'g:b'])
  assert.equal(issuer.pagesAsked, [{ path: '/groups', authorization: 'Bearer to-be-kept-secret' }])
  const could = 'oidc: could not expand distributed claims: '
  assert.is(
    await refusal(of('', 404)),
    `${could}while getting distributed claim "groups": error while getting distributed claim JWT: 404 Not Found`,
  )
  assert.is(
    await refusal(of('no token')),
    `${could}getting untrusted issuer from endpoint ${issuer.url}/groups failed for claim "groups": malformed token`,
  )
  assert.match(
    await refusal(of(tokenOf({ ...keyOf('x'), kid: 'one' }, claims({ groups: ['admins'] })))),
    /verify distributed claim token: failed to verify signature/,
  )
  assert.match(
    await refusal(of(tokenOf(first, claims({ groups: ['a'], aud: 'others' })))),
    /verify distributed claim token: oidc: expected audience "slipway" got \["others"\]/,
  )
  assert.is(
    await refusal(of(tokenOf(first, claims()))),
    `${could}jwt returned by distributed claim endpoint "${issuer.url}/groups" did not contain claim: groups`,
  )
})

test('groups elsewhere may be of another issuer; one that is not under https, or cannot be asked, is not believed', async () => {
  const other = await startIssuer(pki.serving)
  const key = keyOf('other')
  other.keys = [key]
  const jwt = authenticator(groupsClaim)
  const of = (iss: string) => {
    issuer.pages.set('/groups', { status: 200, body: tokenOf(key, claims({ iss, groups: 'c' })) })
    return jwt.read(elsewhere(`${issuer.url}/groups`))
  }
  assert.equal((await of(other.url))?.groups, ['g:c'])
  assert.match(await refusal(of('http://127.0.0.1:1')), /verifying untrusted issuer http:.* failed: URL scheme must be https/)
  assert.match(
    await refusal(of('https://127.0.0.1:1')),
    /verifying untrusted issuer .* failed: verifier not initialized for issuer: "https:\/\/127\.0\.0\.1:1"$/,
  )
  await other.close()
})

test('where groups are is the word of a verified token only, under https, and errors hold no token', async () => {
  const jwt = authenticator(groupsClaim)
  issuer.pagesAsked.length = 0
  const forged = elsewhere(`${issuer.url}/groups`).replace(/[^.]*$/, 'AAAA')
  assert.match(await refusal(jwt.read(forged)), /failed to verify signature/)
  assert.equal(issuer.pagesAsked, [])
  const plain = await refusal(jwt.read(elsewhere('http://127.0.0.1:1/groups')))
  assert.match(plain, /Get "http:\/\/127\.0\.0\.1:1\/groups": URL scheme must be https$/)
  const nobody = await refusal(jwt.read(elsewhere('https://127.0.0.1:1/groups')))
  assert.match(nobody, /while getting distributed claim "groups": Get "https:/)
  for (const text of [plain, nobody]) assert.not.match(text, /to-be-kept-secret/)
})

test('a token that has its groups, or whose groups are nowhere, is asked for nothing; one that contradicts itself is refused', async () => {
  const jwt = authenticator(groupsClaim)
  issuer.pagesAsked.length = 0
  assert.equal((await jwt.read(elsewhere(`${issuer.url}/groups`, { groups: ['own'] })))?.groups, ['g:own'])
  assert.equal((await jwt.read(elsewhere(`${issuer.url}/groups`, { _claim_names: { roles: 'src' } })))?.groups, [])
  assert.equal((await jwt.read(elsewhere('', {})))?.groups, [])
  assert.match(await refusal(jwt.read(elsewhere('x', { _claim_names: { groups: 'none' } }))), /oidc: source does not exist/)
  assert.match(
    await refusal(jwt.read(elsewhere('x', { _claim_names: { groups: '' } }))),
    /failed to obtain source from claim name/,
  )
  const byExpression = authenticator({ claimMappings: { username, groups: { expression: "claims.?groups.orValue('none')" } } })
  assert.equal((await byExpression.read(elsewhere(`${issuer.url}/groups`)))?.groups, ['none'])
  assert.equal(issuer.pagesAsked, [])
})

test('metrics: how long tokens take, and when keys were fetched, with issuers and keys as hashes', async () => {
  const metrics = new JwtMetrics('server', () => now)
  const jwt = createJwtAuthenticator(configuration({}).issuers, { now: () => now, metrics })
  await jwt.ready()
  await jwt.read(tokenOf(first, claims()))
  await refusal(jwt.read(tokenOf(first, claims({ exp: 1 }))))
  const lines = [...metrics.lines()]
  for (const pattern of [
    /_latency_seconds_count\{jwt_issuer_hash="sha256:\w+",result="success"\} 1$/,
    /_latency_seconds_count\{jwt_issuer_hash="sha256:\w+",result="failure"\} 1$/,
    /_jwks_fetch_last_timestamp_seconds\{apiserver_id_hash="sha256:\w+",jwt_issuer_hash="sha256:\w+",result="success"\} 178\d+/,
    /_jwks_fetch_last_key_set_info\{apiserver_id_hash="sha256:\w+",hash="sha256:\w+",jwt_issuer_hash="sha256:\w+"\} 1$/,
  ])
    assert.ok(
      lines.some((l) => pattern.test(l)),
      `${pattern} in\n${lines.join('\n')}`,
    )
  metrics.forget(issuer.url)
  assert.not.ok([...metrics.lines()].some((l) => l.startsWith('apiserver_authentication_jwt_authenticator_jwks')))
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

test('a key that an issuer has had for less than the pause between two requests is waited for', async () => {
  const wait = async (ms: number) => {
    now += ms
  }
  const jwt = createJwtAuthenticator(configuration({}).issuers, { now: () => now, wait })
  now += 5000
  assert.is((await jwt.read(tokenOf(first, claims())))?.name, 'oidc:joe')
  const fresh = keyOf('fresh')
  assert.match(await refusal(jwt.read(tokenOf(fresh, claims()))), /failed to verify id token signature/)
  issuer.keys = [first, fresh]
  now += 10
  assert.is((await jwt.read(tokenOf(fresh, claims())))?.name, 'oidc:joe')
})

test('times in quotes are numbers, as they are to Go; what is no number is told of', async () => {
  const jwt = authenticator()
  const exp = Math.floor(now / 1000) + 60
  assert.is((await jwt.read(tokenOf(first, claims({ exp: String(exp) }))))?.name, 'oidc:joe')
  assert.is(
    await refusal(jwt.read(tokenOf(first, claims({ exp: 'x' })))),
    'oidc: verify token: oidc: failed to unmarshal claims: json: invalid number literal, trying to unmarshal "\\"x\\"" into Number',
  )
})

test('an issuer that cannot be asked refuses its tokens with the reason, and is asked again later', async () => {
  const other = await startIssuer(pki.serving)
  const jwt = createJwtAuthenticator(configuration({ issuer: { url: other.url, audiences: ['slipway'] } }).issuers, {
    now: () => now,
  })
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
    /^auth\.yaml: jwt\[0\]\.claimMappings\.username\.prefix: Required value: prefix is required when claim is set/,
  )
  assert.match(mapped({ username: {} }), /username: Required value: claim or expression is required/)
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
  const at = (jwt: object) => refused(jwt).replace('auth.yaml: jwt[0].', '')
  const issuerOf = (more: object) => at({ issuer: { url: 'https://x', audiences: ['a'], ...more } }).replace('issuer.', '')
  assert.is(issuerOf({ url: '' }), 'url: Required value')
  assert.is(issuerOf({ url: 'https://x?y' }), 'url: Invalid value: "https://x?y": URL must not contain a query')
  assert.is(issuerOf({ audiences: [] }), 'audiences: Required value: at least one jwt[0].issuer.audiences is required')
  assert.is(issuerOf({ audiences: ['a', 'a'], audienceMatchPolicy: 'MatchAny' }), 'audiences[1]: Duplicate value: "a"')
  assert.is(
    issuerOf({ audienceMatchPolicy: 'All' }),
    'audienceMatchPolicy: Invalid value: "All": audienceMatchPolicy must be empty or MatchAny for single audience',
  )
  assert.is(
    issuerOf({ certificateAuthority: 'none' }),
    'certificateAuthority: Invalid value: "<omitted>": data does not contain any valid RSA or ECDSA certificates',
  )
  assert.is(
    issuerOf({ egressSelectorType: 'etcd' }),
    'egressSelectorType: Invalid value: "etcd": egress selector must be either controlplane or cluster',
  )
  assert.is(
    issuerOf({ discoveryURL: 'https://x/' }),
    'discoveryURL: Invalid value: "https://x/": discoveryURL must be different from URL',
  )
  const rules = (...claimValidationRules: object[]) => at({ claimValidationRules }).replace('claimValidationRules', '')
  assert.is(rules({ claim: 'a', requiredValue: 'x' }, { claim: 'a' }), '[1].claim: Duplicate value: "a"')
  assert.is(rules({ expression: 'true' }, { expression: 'true' }), '[1].expression: Duplicate value: "true"')
  assert.is(rules({}), '[0]: Required value: claim or expression is required')
  assert.is(at({ userValidationRules: [{}] }), 'userValidationRules[0].expression: Required value')
  const extra = (key: string, valueExpression = 'claims.sub') =>
    at({ claimMappings: { username, extra: [{ key, valueExpression }] } }).replace('claimMappings.extra[0].', '')
  assert.is(extra('foo'), 'key: Invalid value: "foo": must be a domain-prefixed path (such as "acme.io/foo")')
  assert.is(extra('acme.io/Foo'), 'key: Invalid value: "acme.io/Foo": must be lowercase')
  assert.match(extra('acme.io/f o'), /^key: Invalid value: "f o": Invalid path \(regex used for validation is '/)
  assert.is(extra('acme.io/foo', ''), 'valueExpression: Required value')
})

test.after(async () => {
  await issuer.close()
  rmSync(folder, { recursive: true, force: true })
})
test.run()
