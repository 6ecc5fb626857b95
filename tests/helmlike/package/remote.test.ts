import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fileServer, type Running, registry } from './servers.ts'

// Real servers, real Helm (as scripts/setup takes it from an npm package; another by $HELM) and our command line as its users run it.
const root = join(import.meta.dirname, '../../..')
const helm = process.env.HELM ?? join(root, '.slipway/bin/helm')
const folder = mkdtempSync(join(tmpdir(), 'remote-charts-'))
const env = {
  ...process.env,
  HELM_CONFIG_HOME: join(folder, 'config'),
  HELM_CACHE_HOME: join(folder, 'cache'),
  HELM_DATA_HOME: join(folder, 'data'),
}
const servers: Running[] = []
const running = async (server: Promise<Running>): Promise<string> => {
  servers.push(await server)
  return (servers.at(-1) as Running).host
}

function run(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) =>
    execFile(file, [...args], { env, cwd: folder, timeout: 60_000 }, (error, stdout, stderr) =>
      error ? reject(new Error(`${args.join(' ')}: ${stderr}`)) : resolve(stdout),
    ),
  )
}
const ours = (...args: string[]) => run(join(root, 'bin/slipway'), ['chart', ...args])
const real = (...args: string[]) => run(helm, args)
const rejection = async (work: Promise<unknown>) => {
  try {
    await work
  } catch (e) {
    return (e as Error).message
  }
  throw new Error('it should have failed')
}

/** A chart's folder with one object, and what Chart.yaml says more. */
function chart(name: string, version: string, more = ''): string {
  const at = join(folder, 'charts', `${name}-${version}`)
  mkdirSync(join(at, 'templates'), { recursive: true })
  writeFileSync(join(at, 'Chart.yaml'), `apiVersion: v2\nname: ${name}\nversion: ${version}\ndescription: says ${name}\n${more}`)
  writeFileSync(
    join(at, 'templates/c.yaml'),
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {version: "${version}"}\n`,
  )
  return at
}
const fresh = (name: string) => {
  const at = join(folder, name)
  mkdirSync(at, { recursive: true })
  return at
}

/** A repository's files: archives made by us, and an index. */
async function repository(): Promise<Map<string, Buffer>> {
  const at = fresh('repository')
  for (const version of ['1.0.0', '1.2.0', '2.0.0']) await ours('package', chart('lib', version), '-d', at)
  await ours('repo', 'index', at)
  return new Map(readdirSync(at).map((file) => [`/${file}`, readFileSync(join(at, file))]))
}

test.after(async () => {
  for (const server of servers) await server.close()
  rmSync(folder, { recursive: true })
})

test('what we push to a registry real Helm pulls, byte for byte, and the other way round', async () => {
  const host = await running(registry())
  await ours('package', chart('oci', '1.0.0+build.1'), '-d', folder)
  assert.match(await ours('push', 'oci-1.0.0+build.1.tgz', `oci://${host}/team`), /Pushed: .*oci:1\.0\.0_build\.1@sha256:/)
  const archive = readFileSync(join(folder, 'oci-1.0.0+build.1.tgz'))
  if (existsSync(helm)) {
    await real('pull', `oci://${host}/team/oci`, '--version', '1.0.0+build.1', '--plain-http', '-d', fresh('by-helm'))
    assert.equal(readFileSync(join(folder, 'by-helm/oci-1.0.0+build.1.tgz')), archive)
    await real('package', chart('oci', '2.0.0'), '-d', folder)
    await real('push', 'oci-2.0.0.tgz', `oci://${host}/team`, '--plain-http')
    await ours('pull', `oci://${host}/team/oci`, '-d', fresh('by-us'))
    assert.equal(readFileSync(join(folder, 'by-us/oci-2.0.0.tgz')), readFileSync(join(folder, 'oci-2.0.0.tgz')), 'the newest')
  }
  await ours('pull', `oci://${host}/team/oci`, '--version', '^1.0.0', '-d', fresh('by-range'))
  assert.equal(readFileSync(join(folder, 'by-range/oci-1.0.0+build.1.tgz')), archive)
  assert.match(await ours('template', 'x', `oci://${host}/team/oci:1.0.0_build.1`), /name: oci/)
})

test('a registry that wants a token gives it for user and password, and a wrong password is told', async () => {
  const host = await running(registry('me:secret'))
  await ours('package', chart('private', '1.0.0'), '-d', folder)
  const target = ['private-1.0.0.tgz', `oci://${host}/team`]
  assert.match(await rejection(ours('push', ...target, '--username', 'me', '--password', 'wrong')), /401/)
  await ours('push', ...target, '--username', 'me', '--password', 'secret')
  const reference = `oci://${host}/team/private`
  assert.match(await rejection(ours('pull', reference)), /401/)
  await ours('pull', reference, '--username', 'me', '--password', 'secret', '-d', fresh('token'))
  assert.ok(existsSync(join(folder, 'token/private-1.0.0.tgz')))
})

test('repositories are added, searched, updated, used and removed, and real Helm sees the same ones', async () => {
  const host = await running(fileServer(await repository()))
  await ours('repo', 'add', 'shop', `http://${host}`)
  assert.match(await ours('repo', 'list'), new RegExp(`shop\\s+http://${host}`))
  assert.match(await ours('search', 'repo', 'lib'), /shop\/lib\s+2\.0\.0\s+says lib/)
  assert.match(await ours('search', 'repo', 'lib', '-l'), /1\.0\.0/)
  await ours('repo', 'update')
  assert.match(await ours('template', 'x', 'shop/lib', '--version', '^1.0.0'), /version: "1\.2\.0"/)
  assert.match(await ours('template', 'x', 'lib', '--repo', `http://${host}`), /version: "2\.0\.0"/)
  if (existsSync(helm)) {
    assert.match(await real('search', 'repo', 'lib'), /shop\/lib\s+2\.0\.0/)
    assert.match(await real('template', 'x', 'shop/lib', '--version', '1.0.0'), /version: "1\.0\.0"/)
  }
  await ours('repo', 'remove', 'shop')
  assert.match(await rejection(ours('template', 'x', 'shop/lib')), /no repository named "shop"/)
})

test('credentials go to the repository and not to another host that its index names', async () => {
  const files = await repository()
  const shown: (string | undefined)[] = []
  const archives = new Map([...files].filter(([path]) => path.endsWith('.tgz')))
  const other = await running(fileServer(archives, { sees: (authorization) => shown.push(authorization) }))
  const index = (files.get('/index.yaml') as Buffer).toString().replaceAll(/- (lib-[\d.]+\.tgz)/g, `- http://${other}/$1`)
  const host = await running(fileServer(new Map([['/index.yaml', index]]), { login: 'me:secret' }))
  assert.match(await rejection(ours('repo', 'add', 'closed', `http://${host}`)), /401/)
  await ours('repo', 'add', 'closed', `http://${host}`, '--username', 'me', '--password', 'secret')
  assert.match(await ours('template', 'x', 'closed/lib'), /version: "2\.0\.0"/)
  assert.equal(shown, [undefined])
})

test('a repository of an authority of its own is trusted by --ca-file or when told not to verify', async () => {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject],
    {
      stdio: 'ignore',
    },
  )
  const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  const host = await running(fileServer(await repository(), { tls }))
  const fetch = (...flags: string[]) => ours('template', 'x', 'lib', '--repo', `https://${host}`, ...flags)
  assert.match(await rejection(fetch()), /self-signed certificate/)
  assert.match(await fetch('--ca-file', cert), /version: "2\.0\.0"/)
  await ours('repo', 'add', 'tls', `https://${host}`, '--insecure-skip-tls-verify')
  assert.match(await ours('template', 'x', 'tls/lib'), /version: "2\.0\.0"/)
})

test('dependencies come from HTTP, OCI and folders; the lock is Helm’s, and a changed Chart.yaml is noticed', async () => {
  const host = await running(fileServer(await repository()))
  const oci = await running(registry())
  await ours('package', chart('deep', '3.1.0'), '-d', folder)
  await ours('push', 'deep-3.1.0.tgz', `oci://${oci}/libs`)
  chart('near', '0.1.0')
  const wanted = [
    ['lib', '^1.0.0', `http://${host}`],
    ['deep', '3.x', `oci://${oci}/libs`],
    ['near', '0.1.0', 'file://../near-0.1.0'],
  ]
  const listed = wanted
    .map(([name, version, from]) => `- {name: ${name}, version: "${version}", repository: "${from}"}\n`)
    .join('')
  const parent = chart('parent', '1.0.0', `dependencies:\n${listed}`)
  assert.match(await ours('dependency', 'list', parent), /lib.*missing/)
  await ours('dependency', 'update', parent)
  const names = () => readdirSync(join(parent, 'charts')).sort()
  assert.equal(names(), ['deep-3.1.0.tgz', 'lib-1.2.0.tgz', 'near-0.1.0.tgz'])
  const lock = readFileSync(join(parent, 'Chart.lock'), 'utf8')
  if (existsSync(helm)) {
    rmSync(join(parent, 'charts'), { recursive: true })
    await real('repo', 'add', 'deps', `http://${host}`)
    await real('dependency', 'build', parent, '--plain-http')
    assert.equal(names(), ['deep-3.1.0.tgz', 'lib-1.2.0.tgz', 'near-0.1.0.tgz'])
    assert.is(readFileSync(join(parent, 'Chart.lock'), 'utf8'), lock, 'the lock is as Helm would write it')
  }
  rmSync(join(parent, 'charts'), { recursive: true })
  await ours('dependency', 'build', parent)
  assert.match(await ours('dependency', 'list', parent), /lib.*ok/)
  assert.match(await ours('template', 'x', parent), /name: deep/)
  writeFileSync(join(parent, 'Chart.yaml'), readFileSync(join(parent, 'Chart.yaml'), 'utf8').replace('^1.0.0', '^2.0.0'))
  assert.match(await rejection(ours('dependency', 'build', parent)), /out of sync/)
})

test('archives are the same bytes every time, and signatures by exported keys hold with Helm and with us', async () => {
  const home = fresh('gpg')
  const gpg = (...args: string[]) =>
    execFileSync('gpg', ['--homedir', home, '--batch', ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  execFileSync('chmod', ['700', home])
  gpg('--passphrase', '', '--quick-generate-key', 'Tester <t@example.com>', 'rsa2048', 'sign', '1d')
  const [secret, open] = [join(folder, 'secring.gpg'), join(folder, 'pubring.gpg')]
  writeFileSync(secret, gpg('--export-secret-keys'))
  writeFileSync(open, gpg('--export'))
  execFileSync('gpgconf', ['--homedir', home, '--kill', 'gpg-agent'])
  const path = chart('signed', '1.0.0')
  await ours('package', path, '-d', fresh('once'), '--sign', '--key', 'Tester', '--keyring', secret)
  await ours('package', path, '-d', fresh('twice'))
  const file = join(folder, 'once/signed-1.0.0.tgz')
  assert.equal(readFileSync(file), readFileSync(join(folder, 'twice/signed-1.0.0.tgz')))
  assert.match(await ours('verify', file, '--keyring', open), /Signed by: Tester/)
  if (existsSync(helm)) {
    await real('lint', path)
    await real('verify', file, '--keyring', open)
    await real('package', path, '-d', fresh('by-real'), '--sign', '--key', 'Tester', '--keyring', secret)
    assert.match(await ours('verify', join(folder, 'by-real/signed-1.0.0.tgz'), '--keyring', open), /Signed by: Tester/)
  }
  writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from('x')]))
  assert.match(await rejection(ours('verify', file, '--keyring', open)), /sha256 sum does not match/)
})

test('registry login checks the credentials and keeps them where real Helm finds them; logout forgets them', async () => {
  const host = await running(registry('me:secret'))
  const config = () => JSON.parse(readFileSync(join(folder, 'config/registry/config.json'), 'utf8')).auths ?? {}
  const wrong = await rejection(ours('registry', 'login', host, '-u', 'me', '-p', 'guess'))
  assert.match(wrong, /401/)
  assert.not.match(wrong.split('\n').slice(1).join('\n'), /guess/)
  await ours('registry', 'login', host, '-u', 'me', '-p', 'secret')
  assert.is(config()[host].auth, Buffer.from('me:secret').toString('base64'))
  await ours('package', chart('logged', '1.0.0'))
  await ours('push', 'logged-1.0.0.tgz', `oci://${host}/charts`)
  if (existsSync(helm)) {
    assert.match(await real('show', 'chart', `oci://${host}/charts/logged`, '--plain-http'), /name: logged/)
    await real('registry', 'logout', host)
    assert.not.ok(config()[host])
  } else await ours('registry', 'logout', host)
  assert.match(await ours('registry', 'logout', host), /Not logged in/)
  assert.match(await rejection(ours('pull', `oci://${host}/charts/logged`)), /401/)
})

test.run()
