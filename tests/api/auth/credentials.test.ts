import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { createAuthenticator } from '../../../src/api/auth/authenticate.ts'
import { shownBy } from '../../../src/api/auth/client-certificate.ts'
import { impersonator } from '../../../src/api/auth/impersonate.ts'
import { kubeconfig } from '../../../src/api/auth/kubeconfig.ts'
import { openPki } from '../../../src/api/auth/pki.ts'
import { createTokenIssuer } from '../../../src/api/auth/service-account-tokens.ts'
import { requestToken } from '../../../src/api/auth/token-request.ts'
import type { TokenRequest } from '../../../src/apimachinery/kinds.generated.ts'
import { pods, secrets, serviceaccounts } from '../../../src/apimachinery/resources.generated.ts'
import { StatusError } from '../../../src/apimachinery/status.ts'
import { ObjectsInMemory } from './objects-in-memory.ts'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const issuer = createTokenIssuer({ key: privateKey })
const now = Date.parse('2026-01-01T00:00:00Z')
const withAccount = () => new ObjectsInMemory().put(serviceaccounts, { metadata: { name: 'bot', namespace: 'x', uid: 'u1' } })
const ask = (objects: ObjectsInMemory, spec: object, at = now) =>
  requestToken({ metadata: {}, spec } as TokenRequest, { objects, issuer, namespace: 'x', name: 'bot', now: at })
const authenticator = (objects: ObjectsInMemory, at = now) =>
  createAuthenticator({
    objects,
    issuer,
    now: () => at,
    staticTokens: [{ token: 'fixed', user: { name: 'judge', groups: ['system:masters'] } }],
  })
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const codeOf = (call: () => unknown): number => {
  try {
    call()
  } catch (error) {
    return (error as StatusError).code
  }
  return 200
}

test('a pod-bound token is its account until it expires or its pod is gone', async () => {
  const objects = withAccount().put(pods, {
    metadata: { name: 'p', namespace: 'x', uid: 'pu' },
    spec: { serviceAccountName: 'bot', nodeName: 'n1' },
  } as object as { metadata: object })
  const { status } = await ask(objects, { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' }, expirationSeconds: 900 })
  const token = status?.token ?? ''
  const user = await authenticator(objects).authenticate(bearer(token))
  assert.is(user.name, 'system:serviceaccount:x:bot')
  assert.equal(user.groups, ['system:serviceaccounts', 'system:serviceaccounts:x', 'system:authenticated'])
  assert.equal(user.extra?.['authentication.kubernetes.io/pod-name'], ['p'])
  assert.equal(user.extra?.['authentication.kubernetes.io/node-name'], ['n1'])
  assert.is(
    codeOf(() => authenticator(objects, now + 961_000).authenticate(bearer(token))),
    401,
  )
  objects.remove(pods, 'x', 'p')
  assert.is(
    codeOf(() => authenticator(objects).authenticate(bearer(token))),
    401,
  )
})

test('a token with a changed payload, of another key, for another audience or of a new account of the same name is refused', async () => {
  const objects = withAccount()
  const token = (await ask(objects, {})).status?.token ?? ''
  const [head, payload = '', signature] = token.split('.')
  const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'root' }
  const forged = [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
  assert.is(
    codeOf(() => authenticator(objects).authenticate(bearer(forged))),
    401,
  )
  const other = createTokenIssuer({ key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey })
  assert.is(
    codeOf(() => createAuthenticator({ objects, issuer: other, now: () => now }).authenticate(bearer(token))),
    401,
  )
  const review = await authenticator(objects).reviewToken(token, ['vault'])
  assert.is(review.user, undefined)
  assert.equal('reasons' in review && review.reasons, [
    'token audiences ["https://kubernetes.default.svc"] is invalid for the target audiences ["vault"]',
  ])
  objects.put(serviceaccounts, { metadata: { name: 'bot', namespace: 'x', uid: 'u2' } })
  assert.is(
    codeOf(() => authenticator(objects).authenticate(bearer(token))),
    401,
  )
})

test('fixed tokens and bootstrap tokens are known, passwords are not read; nothing at all is anonymous', async () => {
  const base64 = (s: string) => Buffer.from(s).toString('base64')
  const data = { 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true' }
  const objects = new ObjectsInMemory().put(secrets, {
    metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    data: Object.fromEntries(Object.entries(data).map(([k, v]) => [k, base64(v)])),
  } as object as { metadata: object })
  const { authenticate } = authenticator(objects)
  assert.is((await authenticate(bearer('abcdef.0123456789abcdef'))).name, 'system:bootstrap:abcdef')
  const withGroups = (groups: string) =>
    objects.put(secrets, {
      metadata: { name: 'bootstrap-token-abcdee', namespace: 'kube-system' },
      type: 'bootstrap.kubernetes.io/token',
      data: Object.fromEntries(
        Object.entries({ ...data, 'token-id': 'abcdee', 'auth-extra-groups': groups }).map(([k, v]) => [k, base64(v)]),
      ),
    } as object as { metadata: object })
  withGroups('system:bootstrappers:b,system:bootstrappers:a')
  const expected = ['system:bootstrappers', 'system:bootstrappers:a', 'system:bootstrappers:b', 'system:authenticated']
  assert.equal((await authenticate(bearer('abcdee.0123456789abcdef'))).groups, expected)
  withGroups('system:bootstrappers:a,system:masters')
  assert.is(
    codeOf(() => authenticate(bearer('abcdee.0123456789abcdef'))),
    401,
    'a group that it may not give makes a token worthless',
  )
  assert.is(
    codeOf(() => authenticate(bearer('abcdef.0123456789abcdee'))),
    401,
  )
  for (const authorization of [`Basic ${base64('git:fixed')}`, 'Bearer  fixed', 'Bearer\tfixed', 'fixed', 'Bearer'])
    assert.is((await authenticate({ headers: { authorization } })).name, 'system:anonymous', authorization)
  for (const authorization of ['bearer fixed', ' Bearer fixed other'])
    assert.is((await authenticate({ headers: { authorization } })).name, 'judge', authorization)
  assert.equal(authenticate({ headers: {} }), { name: 'system:anonymous', groups: ['system:unauthenticated'] })
})

test('who shows what is not believed is nobody without a token, and whose the token is with one', async () => {
  const { authenticate } = authenticator(withAccount())
  const codeWith = (headers: Record<string, string>) => codeOf(() => authenticate({ headers, isDoubtful: true }))
  assert.is(codeWith({}), 401)
  assert.is(codeWith({ authorization: 'Bearer other' }), 401)
  assert.is((await authenticate({ ...bearer('fixed'), isDoubtful: true })).name, 'judge')
})

test('nobody is not authenticated, even by a certificate', async () => {
  const user = { name: 'system:anonymous', groups: [] }
  assert.equal((await authenticator(withAccount()).authenticate({ headers: {}, user })).groups, [])
})

test('anonymous requests may be for no path, or only for some', () => {
  const ask = (anonymous: { enabled: boolean; paths?: string[] }, path: string) =>
    codeOf(() => createAuthenticator({ objects: withAccount(), issuer, anonymous }).authenticate({ headers: {}, path }))
  assert.is(ask({ enabled: false }, '/livez'), 401)
  assert.is(ask({ enabled: true, paths: ['/livez', '/readyz'] }, '/livez'), 200)
  assert.is(ask({ enabled: true, paths: ['/livez'] }, '/livez/ping'), 401)
  assert.is(ask({ enabled: true }, '/api'), 200)
})

test('a token for a pod on a node that does not exist names the node without a uid', async () => {
  const objects = withAccount().put(pods, {
    metadata: { name: 'p', namespace: 'x', uid: 'pu' },
    spec: { serviceAccountName: 'bot', nodeName: 'gone' },
  } as object as { metadata: object })
  const { status } = await ask(objects, { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' } })
  const payload = JSON.parse(Buffer.from(status?.token?.split('.')[1] ?? '', 'base64url').toString())
  assert.equal(payload['kubernetes.io'].node, { name: 'gone' })
  const { extra = {} } = await authenticator(objects).authenticate(bearer(status?.token ?? ''))
  assert.equal(
    Object.keys(extra).sort(),
    ['credential-id', 'node-name', 'pod-name', 'pod-uid'].map((k) => `authentication.kubernetes.io/${k}`),
  )
})

test('the token of a Secret is its account while both are there and it is the one that the Secret has', async () => {
  const objects = withAccount()
  const secret = { metadata: { name: 's', namespace: 'x', uid: 'su' }, type: 'kubernetes.io/service-account-token' }
  const account = { metadata: { name: 'bot', namespace: 'x', uid: 'u1' } }
  const token = await issuer.issueLegacy(account, secret)
  const kept = (more: object = {}) =>
    objects.put(secrets, { ...secret, data: { token: Buffer.from(token).toString('base64') }, ...more } as never)
  const used: string[] = []
  const { authenticate, reviewToken } = createAuthenticator({
    objects,
    issuer,
    legacyUsed: (s) => used.push(s.metadata.name ?? ''),
  })
  const reason = async () => {
    const answer = await reviewToken(token)
    return answer.user ? answer.user.name : answer.reasons[0]
  }
  assert.is(await reason(), 'Token has been invalidated')
  kept()
  assert.equal(await authenticate(bearer(token)), {
    name: 'system:serviceaccount:x:bot',
    uid: 'u1',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:x', 'system:authenticated'],
  })
  assert.equal(used, ['s'])
  assert.is((await reviewToken(token, ['vault'])).user, undefined, 'it is for the API server only')
  kept({ metadata: { ...secret.metadata, labels: { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' } } })
  assert.match(String(await reason()), /^the token in secret x\/s for service account x\/bot has been marked invalid/)
  kept({ data: { token: 'b3RoZXI=' } })
  assert.is(await reason(), "Token does not match server's copy")
  kept()
  objects.put(serviceaccounts, { metadata: { name: 'bot', namespace: 'x', uid: 'u2' } })
  assert.is(await reason(), 'ServiceAccount UID (u2) does not match claim (u1)')
})

test('tokens of further keys and issuers are believed, and the documents name all keys', async () => {
  const objects = withAccount()
  const [old, fresh] = [privateKey, generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey]
  const token = (await ask(objects, {})).status?.token ?? ''
  const rotated = createTokenIssuer({
    key: fresh,
    otherKeys: [old],
    issuers: ['https://new.example', 'https://kubernetes.default.svc'],
  })
  const who = (by: typeof issuer, text: string) => createAuthenticator({ objects, issuer: by, now: () => now }).reviewToken(text)
  assert.is((await who(rotated, token)).user?.name, 'system:serviceaccount:x:bot')
  const answer = await requestToken({ metadata: {}, spec: {} } as TokenRequest, {
    objects,
    issuer: rotated,
    namespace: 'x',
    name: 'bot',
    now,
  })
  assert.is((await who(rotated, answer.status?.token ?? '')).user?.name, 'system:serviceaccount:x:bot')
  assert.equal(answer.spec?.audiences, ['https://new.example', 'https://kubernetes.default.svc'])
  assert.is((await who(issuer, answer.status?.token ?? '')).user, undefined)
  const alone = createTokenIssuer({ key: fresh, issuers: ['https://kubernetes.default.svc'] })
  assert.equal(await who(alone, token), { user: undefined, reasons: ['invalid signature, no keys found'] })
  assert.equal(
    (rotated.jwks() as { keys: { alg: string }[] }).keys.map((k) => k.alg),
    ['ES384', 'RS256'],
  )
  assert.equal(
    (rotated.discovery('h:1') as { id_token_signing_alg_values_supported: string[] }).id_token_signing_alg_values_supported,
    ['ES384', 'RS256'],
  )
})

test('a token request below ten minutes is refused with its field', async () => {
  try {
    await ask(withAccount(), { expirationSeconds: 60 })
    assert.unreachable()
  } catch (error) {
    assert.instance(error, StatusError)
    assert.match(
      (error as StatusError).message,
      'spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
    )
  }
})

test('impersonation needs the right for each header, and says which is missing', async () => {
  const attributes = { user: { name: 'jane', groups: [] }, verb: 'get', path: '/api' }
  const headers = { 'impersonate-user': 'bob', 'impersonate-group': 'a\ncn=b,ou=c', 'impersonate-extra-acme.com%2fproject': 'p' }
  const { user } = await impersonator(() => ({ allowed: true, reason: '' }))(headers, attributes)
  assert.equal(user, {
    name: 'bob',
    uid: '',
    groups: ['a', 'cn=b,ou=c', 'system:authenticated'],
    extra: { 'acme.com/project': ['p'] },
  })
  const twice = await impersonator(() => ({ allowed: true, reason: '' }))({ 'impersonate-user': 'bob\neve' }, attributes)
  assert.is(twice.user.name, 'bob', 'of several users the first is meant')
  const onlyUsers = ({ verb, resource }: { verb: string; resource?: { resource: string } }) => ({
    allowed: verb === 'impersonate' && resource?.resource === 'users',
    reason: '',
  })
  await impersonator(onlyUsers as never)({ 'impersonate-user': 'bob' }, attributes)
  for (const wanted of [headers, { 'impersonate-group': 'a' }]) {
    try {
      await impersonator(onlyUsers as never)(wanted, attributes)
      assert.unreachable()
    } catch (error) {
      assert.instance(error, StatusError)
    }
  }
})

test('the authority and its certificates survive a restart, are private, and TLS clients are known by them', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-pki-'))
  try {
    const options = { directory, serviceAddress: '10.43.0.1' }
    const pki = await openPki(options)
    const again = await openPki(options)
    assert.is(again.serving.cert, pki.serving.cert)
    const moved = await openPki({ ...options, addresses: ['192.0.2.7'] })
    assert.is.not(moved.serving.cert, pki.serving.cert)
    assert.is(moved.caCert, pki.caCert)
    assert.ok(new X509Certificate(moved.serving.cert).checkIP('192.0.2.7'))
    const later = await openPki({ ...options, now: () => Date.now() + 320 * 86_400_000 })
    assert.is.not(later.admin.cert, pki.admin.cert)
    for (const file of await readdir(directory)) assert.is((await stat(join(directory, file))).mode & 0o777, 0o600)

    const server = createServer({ ...moved.serving, ca: moved.caCert, requestCert: true, rejectUnauthorized: false })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const node = await moved.nodeClient('n1')
    const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>
    const client = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: moved.caCert, ...node })
    const [socket] = await accepted
    const { user } = shownBy(socket, Date.now())
    assert.is(user?.name, 'system:node:n1')
    assert.equal(user?.groups, ['system:nodes'])
    assert.equal(shownBy(socket, Date.now() + 366 * 86_400_000), { isDoubtful: true }, 'a connection outlives its certificate')
    client.destroy()
    server.close()
    const config = parse(kubeconfig({ server: `https://127.0.0.1:${port}`, caCert: moved.caCert, user: { client: moved.admin } }))
    assert.is(config.contexts[0].context.user, config.users[0].name)
  } finally {
    await rm(directory, { recursive: true })
  }
})

test.run()
