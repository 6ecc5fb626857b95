import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fileServer, type Running } from '../../helmlike/package/servers.ts'
import { writeCharts, writeRepository } from './charts-on-disk.ts'
import { hasHelm, helm, type Outcome, ours } from './real-helm.ts'

/** The same command lines, to Helm and to us, on the same charts and repositories: what is written and the exit status are the same. */
const folder = mkdtempSync(join(tmpdir(), 'like-helm-'))
const charts = join(folder, 'charts')
const homeOf = (who: string) => ({
  ...process.env,
  HOME: folder,
  KUBECONFIG: join(folder, 'no-kubeconfig'),
  HELM_CONFIG_HOME: join(folder, who, 'config'),
  HELM_CACHE_HOME: join(folder, who, 'cache'),
  HELM_DATA_HOME: join(folder, who, 'data'),
})
const homes = { helm: homeOf('helm'), ours: homeOf('ours') }
let repository: Running
let url = ''
let isNew = true

test.before(async () => {
  isNew = hasHelm && /v4\.([3-9]|\d\d)/.test((await helm(['version', '--short'], process.env, folder)).stdout)
  writeCharts(charts)
  const served = join(folder, 'repository')
  mkdirSync(served)
  writeRepository(served)
  const files = readdirSync(served).filter((f) => /\.(?:tgz|yaml)$/.test(f))
  repository = await fileServer(new Map(files.map((f) => [`/${f}`, readFileSync(join(served, f))])))
  url = `http://${repository.host}`
})
test.after(async () => {
  await repository.close()
  rmSync(folder, { recursive: true })
})

async function both(line: string): Promise<[helm: Outcome, ours: Outcome]> {
  const args = line.split(' ').map((word) => word.replaceAll('URL', url).replaceAll('␣', ' '))
  const results: [Outcome, Outcome] = [await helm(args, homes.helm, charts), await ours(args, homes.ours, charts)]
  // The two may differ in nothing else.
  const plain = (o: Outcome) => ({
    ...o,
    stdout: o.stdout.replaceAll(join(folder, 'helm'), 'HOME').replaceAll(join(folder, 'ours'), 'HOME'),
  })
  return [plain(results[0]), plain(results[1])]
}

/** Both say the same on standard output, and succeed or fail alike. */
function alike(name: string, lines: readonly string[]): void {
  test(name, async () => {
    if (!hasHelm) return
    for (const line of lines) {
      const [theirs, mine] = await both(line)
      assert.is(mine.status, theirs.status, `${line}: ${mine.stderr}\nhelm: ${theirs.stderr}`)
      assert.is(blanks(mine.stdout.replace(OUR_HINTS, '')), blanks(theirs.stdout), line)
    }
  })
}

/** Before 4.3 Helm ended documents with other numbers of line feeds, and took another version for a cluster. */
const blanks = (text: string) => (isNew ? text : text.replace(/\n+(?=---|$)/g, '\n').replace('"v1.35.0"', '"v1.37.0"'))

/** What we add to Helm's words. */
const OUR_HINTS = / \((?:did you mean |\.|\w+: )[^)\n]*\)$/gm

/** Both refuse, and our error has Helm's words in it. */
function refusedAlike(name: string, lines: readonly string[]): void {
  test(name, async () => {
    if (!hasHelm) return
    for (const line of lines) {
      const [theirs, mine] = await both(line)
      assert.is(mine.status, 1, line)
      assert.is(theirs.status, 1, line)
      const words = (o: Outcome) =>
        (/Error: (.*)/.exec(o.stderr)?.[1] ?? o.stderr).replaceAll('helm ', 'slipway chart ').replaceAll('"', '')
      assert.is(words(mine), words(theirs), line)
    }
  })
}

alike('show: parts of a chart', [
  'show chart web',
  'show values web',
  'show readme web',
  'show crds web',
  'show all web',
  'show all plain',
  'show readme plain',
  'inspect chart web',
  'show values web --jsonpath {.image.tag}',
  'show values web --jsonpath {.ports[*]}',
  'show values web --jsonpath {.image}',
])

alike('template: which manifests, and for which cluster', [
  'template r web',
  'template web',
  'template r web --include-crds --skip-tests',
  'template r web --no-hooks --is-upgrade -n elsewhere',
  'template r web -a example.com/v1,b/v1 --kube-version 1.30',
  'template r web --api-versions a/v1 --api-versions example.com/v1',
  'template r web -s templates/service.yaml -s templates/config.yaml',
  'template r web --show-only templates/*.yaml',
  'template r web --show-only templates/tests/*',
  'template --name-template n-{{␣"X"␣|␣lower␣}} web',
  'template r web --set replicas=3 --set-string a=1 --set-json b={"c":1} --dry-run=client',
  'template r web --dry-run=true',
])
refusedAlike('template: what is refused', [
  'template r web --show-only templates/none.yaml',
  'template r web --kube-version x',
  'template r library',
  'template Bad_Name web',
  'template r web --dry-run=none',
  'template r web --no-such',
  'template r web -Z',
  'template r web --set',
  'template r web --include-crds=maybe',
])

alike('lint: findings, their order, and what --strict, --quiet, --with-subcharts and --kube-version do', [
  'lint web',
  'lint odd',
  'lint odd --quiet --strict',
  'lint plain',
  'lint bad',
  'lint old',
  'lint old --strict',
  'lint web --quiet',
  'lint plain --strict',
  'lint old --kube-version 1.20 --quiet',
  'lint broken --quiet',
  'lint web plain bad',
  'lint parent',
  'lint nowhere',
  'lint parent --with-subcharts',
  'lint bad --skip-schema-validation',
])

alike('dependency list: statuses', [
  'dependency list parent',
  'dep ls parent --max-col-width 8',
  'dependency list plain',
  'dependency list nowhere',
])

alike('repo: lists, and what is there already', [
  'repo list',
  'repo list -o json',
  'repo add one URL',
  'repo add one URL',
  'repo add one URL --pass-credentials',
  'repo add one URL --pass-credentials --force-update',
  'repo add two URL',
  'repo list',
  'repo ls --no-headers',
  'repo list -o yaml',
  'repo remove two',
  'repo list -o json',
])
refusedAlike('repo: what is refused', [
  'repo add one URL/x',
  'repo add a/b URL',
  'repo add stable https://kubernetes-charts.storage.googleapis.com',
  'repo remove none',
  'repo update none',
])

alike('search repo: words, expressions, versions, formats', [
  'search repo',
  'search repo postgres',
  'search repo POST -l',
  'search repo postgres --devel',
  'search repo postgres --version <2',
  'search repo postgres -l --version >=1',
  'search repo -r ^p.*s$',
  'search repo --regexp d.t',
  'search repo cache -o json',
  'search repo postgres -o yaml',
  'search repo postgres --max-col-width 12',
  'search repo nothing-such',
  'search repo nothing-such -o json',
  'search repo nothing-such --fail-on-no-result',
])
refusedAlike('search: what is refused', ['search repo x --version =>', 'search hub x --endpoint http://127.0.0.1:1'])

test('pull: files of the same names, and the same refusals', async () => {
  if (!hasHelm) return
  const at = (who: string, name: string) => join(folder, who, name)
  for (const who of ['helm', 'ours'] as const) {
    const run = (line: string) => (who === 'helm' ? helm : ours)(line.split(' '), homes[who], charts)
    for (const name of ['a', 'b']) mkdirSync(at(who, name))
    assert.is((await run(`pull one/redis one/postgres -d ${at(who, 'a')}`)).status, 0)
    assert.is((await run(`pull one/postgres --devel --untar -d ${at(who, 'b')} --untardir in`)).status, 0)
    assert.is((await run(`pull one/postgres --untar -d ${at(who, 'b')} --untardir in`)).status, 1)
    assert.is((await run(`pull postgres --repo ${url} --version <2 -d ${at(who, 'a')} --prov`)).status, 0)
    assert.is((await run(`pull one/redis --verify -d ${at(who, 'b')}`)).status, 1)
    assert.is((await run(`fetch one/none -d ${at(who, 'b')}`)).status, 1)
  }
  const list = (who: string, name: string) => readdirSync(at(who, name), { recursive: true, encoding: 'utf8' }).sort()
  assert.equal(list('ours', 'a'), list('helm', 'a'))
  assert.equal(
    list('ours', 'b').filter((f) => f.startsWith('in')),
    list('helm', 'b').filter((f) => f.startsWith('in')),
  )
})

test('repo index: the same entries, with --url, --merge and --json', async () => {
  if (!hasHelm) return
  const index = async (who: 'helm' | 'ours', ...more: string[]) => {
    const out = join(folder, who, 'index')
    mkdirSync(join(out, 'inner'), { recursive: true })
    const run = (line: string) => (who === 'helm' ? helm : ours)(line.split(' '), homes[who], charts)
    await run(`package web -d ${out}`)
    await run(`package plain -d ${join(out, 'inner')}`)
    const done = await run([`repo index ${out}`, ...more].join(' '))
    assert.is(done.status, 0, done.stderr)
    return readFileSync(join(out, 'index.yaml'), 'utf8')
      .replaceAll(/(created|generated|digest)("?): "?[^",\n]+"?/g, '$1$2: "X"')
      .trimEnd()
  }
  assert.is(await index('ours'), await index('helm'))
  assert.is(await index('ours', '--url', 'https://example.com/c/'), await index('helm', '--url', 'https://example.com/c/'))
  const merged = ['--merge', join(folder, 'repository/index.yaml')]
  assert.is(await index('ours', ...merged), await index('helm', ...merged))
  assert.equal(JSON.parse(await index('ours', '--json')), JSON.parse(await index('helm', '--json')))
})

alike('version and env: templates and names', [
  'version --template {{.GoVersion|printf␣"%.2s"}}',
  'env HELM_REPOSITORY_CACHE',
  'env HELM_NAMESPACE',
  'env HELM_MAX_HISTORY',
  'env NO_SUCH',
])

test.run()
