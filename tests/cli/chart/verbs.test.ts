import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fileServer, type Running } from '../../helmlike/package/servers.ts'
import { write, writeCharts, writeRepository } from './charts-on-disk.ts'
import { hasHelm, helm, type Outcome, ours } from './real-helm.ts'

/** Flags that want more than two command lines beside each other: keys, starters, hubs, servers with passwords. */
const folder = mkdtempSync(join(tmpdir(), 'chart-flags-'))
const charts = join(folder, 'charts')
const env = {
  ...process.env,
  HOME: folder,
  GNUPGHOME: join(folder, 'gnupg'),
  KUBECONFIG: join(folder, 'none'),
  HELM_CONFIG_HOME: join(folder, 'config'),
  HELM_CACHE_HOME: join(folder, 'cache'),
  HELM_DATA_HOME: join(folder, 'data'),
}
const hasGpg = (() => {
  try {
    execFileSync('gpg', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()
const files = new Map<string, Buffer | string>()
let server: Running
const chart = (...args: string[]) => ours(args, env, charts)
const done = async (...args: string[]): Promise<string> => {
  const o = await chart(...args)
  assert.is(o.status, 0, o.stderr)
  return o.stdout
}
const refused = async (...args: string[]): Promise<Outcome> => {
  const o = await chart(...args)
  assert.is(o.status, 1, `${args.join(' ')}: ${o.stdout}`)
  return o
}

test.before(async () => {
  writeCharts(charts)
  mkdirSync(join(folder, 'repository'))
  writeRepository(join(folder, 'repository'))
  for (const f of readdirSync(join(folder, 'repository')).filter((f) => /\.(?:tgz|yaml)$/.test(f)))
    files.set(`/${f}`, readFileSync(join(folder, 'repository', f)))
  server = await fileServer(files)
})
test.after(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

test('--verify lets a signed chart through and no other; what is said of a signature is what Helm says', async () => {
  if (!hasGpg) return
  mkdirSync(env.GNUPGHOME, { mode: 0o700 })
  const gpg = (...args: string[]) =>
    execFileSync('gpg', ['--batch', '--quiet', ...args], { env, stdio: ['ignore', 'pipe', 'ignore'] })
  gpg('--passphrase', '', '--quick-generate-key', 'me@example.com', 'rsa2048', 'sign')
  gpg('--output', join(folder, 'secret.gpg'), '--export-secret-keys')
  gpg('--output', join(folder, 'public.gpg'), '--export')
  execFileSync('gpgconf', ['--kill', 'gpg-agent'], { env })
  await done('package', 'web', 'plain', '-d', folder)
  await done('package', 'web', '-d', folder, '--sign', '--key', 'me@example.com', '--keyring', join(folder, 'secret.gpg'))
  assert.match((await refused('package', 'web', '-d', folder, '--sign')).stderr, '--key is required for signing a package')
  const [file, keys] = [join(folder, 'web-1.2.3.tgz'), ['--keyring', join(folder, 'public.gpg')]]
  const said = await done('verify', file, ...keys)
  assert.match(
    said,
    /^Signed by: me@example\.com\nUsing Key With Fingerprint: [0-9A-F]{40}\nChart Hash Verified: sha256:[0-9a-f]{64}\n$/,
  )
  if (hasHelm) assert.is(said, (await helm(['verify', file, ...keys], env, charts)).stdout)
  assert.match(await done('template', 'r', file, '--verify', ...keys), 'kind: Service')
  assert.match(await done('show', 'chart', file, '--verify', ...keys), 'name: web')
  assert.match((await refused('template', 'r', './web', '--verify', ...keys)).stderr, 'unpacked charts cannot be verified')
  assert.match(
    (await refused('template', 'r', join(folder, 'plain-0.1.0.tgz'), '--verify', ...keys)).stderr,
    /could not load provenance file/,
  )
  for (const name of ['web-1.2.3.tgz', 'web-1.2.3.tgz.prov', 'plain-0.1.0.tgz'])
    files.set(`/${name}`, readFileSync(join(folder, name)))
  const url = `http://${server.host}`
  const out = join(folder, 'pulled')
  assert.is(await done('pull', `${url}/web-1.2.3.tgz`, '--verify', ...keys, '-d', out), said)
  assert.equal(readdirSync(out).sort(), ['web-1.2.3.tgz', 'web-1.2.3.tgz.prov'])
  assert.match(
    (await refused('pull', `${url}/plain-0.1.0.tgz`, '--verify', ...keys, '-d', out)).stderr,
    /failed to fetch provenance/,
  )
  assert.match(await done('pull', `${url}/plain-0.1.0.tgz`, '--prov', '-d', out), /^WARNING: Verification not found for /)
  files.set('/web-1.2.3.tgz', readFileSync(join(folder, 'plain-0.1.0.tgz')))
  assert.match((await refused('template', 'r', `${url}/web-1.2.3.tgz`, '--verify', ...keys)).stderr, /sha256 sum does not match/)
})

test('create --starter copies a chart by path or by name, with <CHARTNAME> in it, as Helm does', async () => {
  const starter = join(env.HELM_DATA_HOME, 'starters/mine')
  write(starter, {
    'Chart.yaml': 'apiVersion: v2\nname: mine\nversion: 9.9.9\n',
    'values.yaml': '# of <CHARTNAME>\nname: <CHARTNAME>\n',
    'README.md': 'about <CHARTNAME>\n',
    'templates/a.yaml': 'kind: {{ .Values.name }}\n# <CHARTNAME>\n',
    'templates/_h.tpl': '{{ define "<CHARTNAME>.x" }}{{ end }}',
  })
  await done('create', join(folder, 'by-name/fresh'), '--starter', 'mine')
  await done('create', join(folder, 'by-path/fresh'), '-p', starter)
  const read = (at: string) =>
    Object.fromEntries(
      readdirSync(join(folder, at), { recursive: true, encoding: 'utf8', withFileTypes: true })
        .filter((e) => e.isFile())
        .map((e) => [
          join(e.parentPath, e.name).slice(join(folder, at).length),
          readFileSync(join(e.parentPath, e.name), 'utf8'),
        ]),
    )
  assert.match(read('by-name')['/fresh/templates/a.yaml'] ?? '', '# fresh')
  assert.equal(read('by-path'), read('by-name'))
  if (hasHelm) {
    mkdirSync(join(folder, 'by-helm'))
    assert.is((await helm(['create', join(folder, 'by-helm/fresh'), '--starter', 'mine'], env, charts)).status, 0)
    assert.equal(read('by-name'), read('by-helm'))
  }
  assert.match((await refused('create', join(folder, 'x'), '--starter', 'none')).stderr, /could not load .*starters\/none/)
})

test('search hub shows what a hub answers, and says that it could not be asked', async () => {
  const one = {
    id: 'x/db',
    attributes: { description: 'A <database>', repo: { url: 'https://example.com', name: 'x' } },
    relationships: { latestChartVersion: { data: { version: '1.0.0', app_version: '9' } } },
  }
  files.set(
    '/api/chartsvc/v1/charts/search?q=db+%26',
    JSON.stringify({ data: [one, { ...one, artifactHub: { packageUrl: 'https://hub/x' } }] }),
  )
  files.set('/api/chartsvc/v1/charts/search?q=none', '{"data":[]}')
  const at = ['--endpoint', `http://${server.host}`]
  for (const more of [[], ['--list-repo-url'], ['-o', 'json'], ['-o', 'yaml'], ['--max-col-width', '9']]) {
    const said = await done('search', 'hub', 'db', '&', ...at, ...more)
    if (hasHelm) assert.is(said, (await helm(['search', 'hub', 'db', '&', ...at, ...more], env, charts)).stdout)
  }
  assert.is(await done('search', 'hub', 'none', ...at), 'No results found\n')
  assert.match((await refused('search', 'hub', 'none', ...at, '--fail-on-no-result')).stderr, 'no results found')
  assert.match(
    (await refused('search', 'hub', 'x', '--endpoint', 'http://127.0.0.1:1')).stderr,
    'unable to perform search against "http://127.0.0.1:1"\nHint: could not reach',
  )
})

test('values come from URLs, too; a file of --set-file does not, and is refused', async () => {
  files.set('/values.yaml', 'replicas: 77\nports: [1234]\n')
  const url = `http://${server.host}/values.yaml`
  assert.match(await done('template', 'r', 'web', '-f', url), 'port: 1234')
  assert.match(
    (await refused('template', 'r', 'web', '--set-file', `a=${url}`)).stderr,
    /--set-file: .* is not fetched\nHint: download it first/,
  )
})

test('getHostByName asks the resolver with --enable-dns alone', async () => {
  write(join(charts, 'dns'), {
    'Chart.yaml': 'apiVersion: v2\nname: dns\nversion: 1.0.0\n',
    'templates/a.yaml': 'kind: A\nat: {{ getHostByName "localhost" | quote }}\nno: {{ getHostByName "no.invalid" | quote }}\n',
  })
  assert.match(await done('template', 'r', 'dns'), 'at: ""')
  assert.match(await done('template', 'r', 'dns', '--enable-dns'), /at: "(?:127\.0\.0\.1|::1)"\nno: ""/)
})

test('a password for a repository is read from standard input or refused, never asked for', async () => {
  const secret = await fileServer(new Map([['/index.yaml', files.get('/index.yaml') as Buffer]]), { login: 'me:pass word' })
  const main = join(import.meta.dirname, '../../../src/cli/main.ts')
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      main,
      'chart',
      'repo',
      'add',
      'closed',
      `http://${secret.host}`,
      '--username',
      'me',
      '--password-stdin',
    ],
    { env, stdio: ['pipe', 'pipe', 'pipe'] },
  )
  child.stdin.end('pass word\n')
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (d: Buffer) => (said += d))
  await new Promise((resolve) => child.on('close', resolve))
  assert.match(said, '"closed" has been added to your repositories')
  assert.match(
    (await refused('repo', 'add', 'other', `http://${secret.host}`, '--username', 'me')).stderr,
    /a password for me is missing\nHint: .*--password-stdin/,
  )
  await secret.close()
})

test('dependency update refreshes the indexes that it asks, --skip-refresh takes the cached ones', async () => {
  const url = `http://${server.host}`
  await done('repo', 'add', 'plain', url)
  const cached = join(env.HELM_CACHE_HOME, 'repository/plain-index.yaml')
  assert.ok(existsSync(cached) && existsSync(join(env.HELM_CACHE_HOME, 'repository/plain-charts.txt')))
  const before = files.get('/index.yaml') as Buffer
  write(join(charts, 'needs'), {
    'Chart.yaml': `apiVersion: v2\nname: needs\nversion: 1.0.0\ndependencies: [{name: redis, version: ">=7", repository: "${url}"}]\n`,
  })
  files.set('/redis-8.0.0.tgz', files.get('/redis-7.0.0.tgz') as Buffer)
  files.set('/index.yaml', before.toString().replaceAll('7.0.0', '8.0.0'))
  assert.match(await done('dependency', 'update', 'needs', '--skip-refresh'), 'redis 7.0.0 from')
  assert.match(await done('dependency', 'update', 'needs'), 'redis 8.0.0 from')
  files.set('/index.yaml', before)
})

test('repo update tells each repository, and fails with those that it could not read', async () => {
  await done('repo', 'add', 'fine', `http://${server.host}`)
  const gone = await fileServer(new Map([['/index.yaml', files.get('/index.yaml') as Buffer]]))
  await done('repo', 'add', 'gone', `http://${gone.host}`)
  await gone.close()
  const said = await refused('repo', 'update', 'fine', 'gone')
  assert.match(said.stdout, /^Hang tight while we grab the latest from your chart repositories\.\.\.\n/)
  assert.match(said.stdout, '...Successfully got an update from the "fine" chart repository')
  assert.match(said.stdout, /\.\.\.Unable to get an update from the "gone" chart repository \(http:\/\/127\.0\.0\.1:\d+\):\n\t/)
  assert.match(said.stderr, `failed to update the following repositories: [http://${gone.host}]`)
  await done('repo', 'remove', 'gone')
})

test("the namespace is that of the kubeconfig's context, as Helm has it, where no flag says one", async () => {
  const config = (name: string, namespace: string) =>
    `apiVersion: v1\nkind: Config\ncurrent-context: ${name}\ncontexts:\n- {name: ${name}, context: {cluster: c, user: u, namespace: ${namespace}}}\n- {name: other, context: {cluster: c, user: u, namespace: third}}\nclusters:\n- {name: c, cluster: {server: "https://127.0.0.1:1"}}\n`
  write(folder, { one: config('a', 'first'), two: config('b', 'second') })
  const namespace = async (more: string[], KUBECONFIG: string) => {
    const args = ['template', 'r', 'web', '-s', 'templates/config.yaml', ...more]
    const [mine, theirs] = [
      await ours(args, { ...env, KUBECONFIG }, charts),
      hasHelm ? await helm(args, { ...env, KUBECONFIG }, charts) : undefined,
    ]
    const found = (o: Outcome) => /namespace: (.*)/.exec(o.stdout)?.[1]
    if (theirs) assert.is(found(mine), found(theirs))
    return found(mine)
  }
  const [one, two] = [join(folder, 'one'), join(folder, 'two')]
  assert.is(await namespace([], one), 'first')
  assert.is(await namespace([], `${two}:${one}`), 'second')
  assert.is(await namespace(['--kube-context', 'other'], one), 'third')
  assert.is(await namespace(['-n', 'said'], one), 'said')
  assert.is(await namespace([], join(folder, 'none')), 'default')
})

test.run()
