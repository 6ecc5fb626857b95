import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openPki } from '../../../../src/api/auth/pki.ts'
import { openAuthentication } from '../../../../src/cli/assembly/api/authentication.ts'
import { startIssuer, tokenOf } from '../../../api/auth/issuer-server.ts'

const test = suite('authentication config')
const folder = mkdtempSync(join(tmpdir(), 'slipway-authentication-'))
const file = join(folder, 'authentication.yaml')
const pki = await openPki({ directory: folder, serviceAddress: '127.0.0.1' })
const [one, two] = [await startIssuer(pki.serving), await startIssuer(pki.serving)]
const key = { kid: 'k', ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) }
one.keys = [key]
two.keys = [key]

test.after(async () => {
  await Promise.all([one.close(), two.close()])
  rmSync(folder, { recursive: true })
})

const write = (urls: readonly string[], anonymous: object = { enabled: false }) =>
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthenticationConfiguration',
      jwt: urls.map((url) => ({
        issuer: { url, audiences: ['slipway'], certificateAuthority: pki.caCert },
        claimMappings: { username: { claim: 'sub', prefix: '' } },
      })),
      anonymous,
    }),
  )
const token = (iss: string) => tokenOf(key, { iss, aud: 'slipway', sub: 'joe', exp: Math.floor(Date.now() / 1000) + 60 })
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => '',
    (e: Error) => e.message,
  )

test('a changed file has its issuers believed once they can be asked; one that is not good leaves those that were', async () => {
  write([one.url])
  const open = await openAuthentication({ 'authentication-config': file }, [])
  const { error } = console
  let told = Promise.withResolvers<string>()
  console.error = (line: string) => told.resolve(line)
  const next = async () => {
    const line = await told.promise
    told = Promise.withResolvers()
    return line
  }
  try {
    assert.is((await open.jwt.read(token(one.url)))?.name, 'joe')
    assert.is(open.jwt.read(token(two.url)), undefined)
    write([two.url])
    assert.is(await next(), 'reloaded authentication config')
    assert.is((await open.jwt.read(token(two.url)))?.name, 'joe')
    assert.is(open.jwt.read(token(one.url)), undefined)

    write(['http://insecure'])
    assert.match(await next(), /^reloading authentication config: .*jwt\[0\]\.issuer\.url: Invalid value: "http:\/\/insecure"/)
    write([one.url], { enabled: true })
    assert.match(await next(), /anonymous: Forbidden: changed from initial configuration file$/)
    assert.is((await open.jwt.read(token(two.url)))?.name, 'joe')
    const lines = open.metrics.flatMap((m) => [...m.lines()]).join('\n')
    assert.match(lines, /apiserver_authentication_config_controller_automatic_reloads_total\{.*status="success"\} 1\n/)
    assert.match(lines, /apiserver_authentication_config_controller_automatic_reloads_total\{.*status="failure"\} 2\n/)
  } finally {
    console.error = error
    open.close()
  }
})

test('an issuer that cannot be asked yet does not take the place of those that can', async () => {
  write([one.url])
  const open = await openAuthentication({ 'authentication-config': file }, [], 0)
  const { error } = console
  const told = Promise.withResolvers<string>()
  console.error = (line: string) => told.resolve(line)
  try {
    write(['https://127.0.0.1:1'])
    assert.match(await told.promise, /^reloading authentication config: oidc: authenticator not initialized: Get "https:/)
    assert.is((await open.jwt.read(token(one.url)))?.name, 'joe')
  } finally {
    console.error = error
    open.close()
  }
})

test('--oidc-* flags and the file exclude each other, and so do --anonymous-auth and its anonymous', async () => {
  write([one.url])
  assert.match(
    await refusal(openAuthentication({ 'authentication-config': file, 'oidc-issuer-url': one.url }, [])),
    /^authentication-config file and oidc-\* flags are mutually exclusive/,
  )
  assert.match(
    await refusal(openAuthentication({ 'authentication-config': file, 'anonymous-auth': 'true' }, [])),
    /anonymous: cannot be set together with --anonymous-auth/,
  )
  assert.is(
    await refusal(openAuthentication({ 'oidc-groups-claim': 'groups' }, [])),
    'oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set',
  )
})

test.run()
