import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startTestServer } from '../../../src/testkit/start.ts'
import type { TestServer } from '../../../src/testkit/test-server.ts'
import { WEB, write } from './charts-on-disk.ts'
import { hasHelm, helm, type Outcome, ours } from './real-helm.ts'

/** Helm and we look at the same releases, which each of the two has made: what is shown is the same, and so is the exit status. */
const folder = mkdtempSync(join(tmpdir(), 'releases-like-helm-'))
const env = {
  ...process.env,
  TZ: 'UTC',
  NO_COLOR: '',
  KUBECONFIG: join(folder, 'kubeconfig'),
  HELM_CACHE_HOME: join(folder, 'cache'),
  HELM_CONFIG_HOME: join(folder, 'config'),
}
let server: TestServer
let isNew = true
const words = (line: string) => line.split(' ').map((word) => word.replaceAll('␣', ' '))
const theirs = (line: string) => helm(words(line), env, folder)
const mine = (line: string) => ours(words(line), env, folder)
const succeeds = (o: Outcome): Outcome => {
  // uvu does not show what fails before the tests.
  if (o.status !== 0) console.error(o.stderr)
  assert.is(o.status, 0, o.stderr)
  return o
}

const { 'crds/a.yaml': _a, 'crds/b.yaml': _b, ...withoutCrds } = WEB
const app = (image: string) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}"}
spec:
  replicas: 1
  selector: {matchLabels: {app: "{{ .Release.Name }}"}}
  template:
    metadata: {labels: {app: "{{ .Release.Name }}"}}
    spec: {containers: [{name: web, image: "${image}"}]}
`
const testPod = (name: string) => `apiVersion: v1
kind: Pod
metadata: {name: "${name}", annotations: {helm.sh/hook: test}}
spec: {restartPolicy: Never, containers: [{name: one, image: ends}, {name: two, image: ends}]}
`

test.before(async () => {
  server = await startTestServer({ controllers: 'all', nodes: ['one'] })
  server.nodes?.ending.set('ends', 0)
  server.nodes?.ending.set('fails', 1)
  writeFileSync(env.KUBECONFIG, (await server.listen()).kubeconfig)
  write(join(folder, 'web'), {
    ...withoutCrds,
    'Chart.yaml': `${WEB['Chart.yaml']}annotations: {b: "2", a: "1"}\n`,
    'values.yaml': 'replicas: 2\nimage: {repository: nginx}\nports: [80]\n',
    'templates/app.yaml': app('v1'),
    'templates/hooks/job.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hooked, annotations: {helm.sh/hook: pre-install}}\n',
    'templates/tests/test.yaml': testPod('{{ .Release.Name }}-test'),
  })
  write(join(folder, 'failing'), {
    'Chart.yaml': 'apiVersion: v2\nname: failing\nversion: 0.1.0\n',
    'templates/c.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-failing}\n',
    'templates/t.yaml': testPod('fails').replaceAll('ends', 'fails'),
  })
  write(join(folder, 'secretive'), {
    'Chart.yaml': 'apiVersion: v2\nname: secretive\nversion: 0.1.0\n',
    'templates/c.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: open}\n',
    'templates/s.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: {name: closed}\nstringData: {a: b}\n',
  })
  if (!hasHelm) return
  isNew = /v4\.([3-9]|\d\d)/.test((await theirs('version --short')).stdout)
  succeeds(await theirs('install first ./web --set replicas=2 --labels team=a --description from␣helm'))
  succeeds(await mine('install second ./web --set a.b=c,d=<&> --labels team=b'))
  succeeds(await mine('upgrade first ./web --set replicas=3'))
  succeeds(await theirs('upgrade second ./web --reuse-values --set e=f'))
  succeeds(await mine('rollback second 1'))
  succeeds(await theirs('rollback first 1'))
  succeeds(await mine('install kept ./failing'))
  succeeds(await mine('uninstall kept --keep-history --description over'))
  succeeds(
    await theirs('install elsewhere ./failing -n other --create-namespace').then((o) =>
      o.status === 0 ? o : { ...o, status: 0 },
    ),
  )
})
test.after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

function alike(name: string, lines: readonly string[], plain: (text: string) => string = (text) => text): void {
  test(name, async () => {
    if (!hasHelm) return
    for (const line of lines) {
      // Helm has this flag since 4.3.
      if (!isNew && line.includes('--show-rollback-revision')) continue
      const [a, b] = [await theirs(line), await mine(line)]
      assert.is(b.status, a.status, `${line}: ${b.stderr}\nhelm: ${a.stderr}`)
      assert.is(plain(older(b.stdout)), plain(older(a.stdout)), line)
    }
  })
}

/** Before 4.3 Helm ended documents with other numbers of line feeds, and did not say what a rollback went back to. */
const older = (text: string) =>
  isNew
    ? text
    : text.replace(/\n+(?=---|MANIFEST:|NOTES:|$)/g, '\n').replace(/,"rollback_revision":\d+|^ {2}rollback_revision: \d+\n/gm, '')

alike('list: order, states, filters, formats', [
  'list',
  'ls -A',
  'list -o json',
  'list -o yaml',
  'list -q',
  'list -q -o json',
  'list --no-headers',
  'list --time-format 2006/01/02␣15:04',
  'list -r -m 1',
  'list --offset 1',
  'list -f ^se',
  'list --filter (first|second)$ -q',
  'list -l team=a',
  'list --uninstalled',
  'list --superseded -q',
  'list --failed',
  'list --pending -o json',
  'list -n none',
  'list --color always',
  'list --colour always --no-headers',
  'list --uninstalled --color=always',
  'list --color auto',
  'list --qps 20 --burst-limit 1 -q',
])

alike('history: revisions, formats', [
  'history first',
  'hist second -o json',
  'history second -o yaml',
  'history second --show-rollback-revision',
  'history first --max 2',
  'history kept',
  'history none',
])

alike('get: every part, in every format', [
  'get all first',
  'get all second',
  'get all first --revision 1',
  'get all second --template {{.Release.Name}}␣{{.Release.Info.Status}}␣{{.Release.Chart.Metadata.Version}}␣{{len␣.Release.Hooks}}',
  'get values first',
  'get values second -o json',
  'get values second --all -o yaml',
  'get values kept',
  'get values kept -o json',
  'get manifest first',
  'get manifest second --revision 1',
  'get hooks first',
  'get notes second',
  'get notes kept',
  'get metadata first',
  'get metadata second -o json',
  'get metadata second -o yaml',
  'get metadata none',
  'get values first --revision 99',
])

/** Ages of objects are of the moment, and Helm's kinds come in any order. */
const ageless = (text: string) =>
  text
    .replace(/(?<!\[)\d+[smh](?:\d+s)?(?= |$)/gm, 'AGE')
    .split('\n')
    .map((line) => line.replace(/ +/g, ' '))
    .sort()
    .join('\n')
alike(
  'status: the release and its objects',
  ['status first', 'status second --revision 1', 'status kept', 'status none', 'status first --color always'],
  ageless,
)

/** When something was done is not compared. */
const timeless = (text: string) => text.replace(/^LAST DEPLOYED: .*$/m, 'LAST DEPLOYED: X').replace(/v1\.3[57]\.\d+/g, 'V')
alike(
  'dry runs: what would be done',
  [
    'install dry ./web --dry-run=client',
    'install dry ./web --dry-run=client --hide-notes --no-hooks',
    'install dry ./secretive --dry-run=client --hide-secret',
    'install dry ./web --dry-run=server',
    'upgrade first ./web --dry-run=server --set replicas=9',
    'upgrade first ./secretive --dry-run=client --hide-secret',
    'upgrade fresh ./web --install --dry-run=client',
    'install first ./web',
    'install Bad_Name ./web --dry-run=client',
    'upgrade none ./web',
    'rollback none',
    'rollback first 99',
    'rollback first x',
    'install --dry-run=wrong x ./web',
    'install x ./web --wait=wrong',
    'install x ./web --timeout 5',
    'upgrade x',
  ],
  timeless,
)

test('an install or upgrade that fails says so in the words of Helm', async () => {
  if (!hasHelm) return
  for (const line of [
    'install first ./web',
    'install Bad_Name ./web',
    'install x ./nothing',
    'install x ./web --set ports=3',
    'upgrade none ./web',
    'upgrade first ./web --set ports=3 --dry-run=client',
    'upgrade first ./nothing',
  ]) {
    const begin = (o: Outcome) => /^Error: (?:[A-Z]+ FAILED: )?/m.exec(o.stderr)?.[0]
    const [a, b] = [await theirs(line), await mine(line)]
    assert.equal([b.status, begin(b)], [a.status, begin(a)], `${line}: ${b.stderr}\nhelm: ${a.stderr}`)
  }
})

test('install, upgrade and template for programs: the same keys', async () => {
  if (!hasHelm) return
  const shape = (v: unknown): unknown => {
    if (Array.isArray(v)) return v.map(shape)
    if (typeof v !== 'object' || v === null) return typeof v
    return Object.fromEntries(
      // The time of a folder is left out: the same chart gives the same record.
      Object.entries(v)
        .filter(([k]) => k !== 'modtime')
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([k, inner]) => [k, shape(inner)]),
    )
  }
  for (const verb of ['install', 'upgrade']) {
    const [a, b] = [await theirs(`${verb} by-helm ./web --set a=b -o json`), await mine(`${verb} by-us ./web --set a=b -o json`)]
    assert.equal([a.status, b.status], [0, 0], b.stderr)
    assert.equal(shape(JSON.parse(b.stdout)), shape(JSON.parse(a.stdout)), verb)
  }
  for (const name of ['by-helm', 'by-us']) await mine(`uninstall ${name}`)
})

test('status for programs: the same record and kinds', async () => {
  if (!hasHelm) return
  const keys = (o: Outcome) => {
    const { info, ...rest } = JSON.parse(o.stdout) as { info: { resources: object } }
    return { rest, info: { ...info, resources: Object.keys(info.resources).sort() } }
  }
  assert.equal(keys(await mine('status first -o json')), keys(await theirs('status first -o json')))
})

test('a test that succeeds or fails is shown and told by the exit status; --logs has those of every container', async () => {
  if (!hasHelm) return
  const passed = await mine('test second')
  assert.match(passed.stdout, /TEST SUITE: {5}second-test\nLast Started: .*\nLast Completed: .*\nPhase: {10}Succeeded/)
  assert.is(passed.status, 0)
  assert.match((await mine('test second --filter !name=second-test')).stdout, /^NAME: second\n/)
  assert.match((await mine('test second --filter kind=x')).stderr, /invalid --filter/)
  await mine('install broken ./failing')
  const failed = await mine('test broken')
  assert.is(failed.status, 1)
  assert.match(failed.stdout, /Phase: {10}Failed/)
  await mine('uninstall broken')
})

alike('uninstall: what is not there', [
  'uninstall none',
  'uninstall none --ignore-not-found',
  'uninstall kept --keep-history',
  'uninstall first --cascade x',
])

test('upgrade --install says that it installs, and a table has Helm words for what was done', async () => {
  const made = await mine('upgrade --install third ./failing')
  assert.match(made.stdout, /^Release "third" does not exist\. Installing it now\.\nNAME: third\n/)
  assert.match((await mine('upgrade third ./failing')).stdout, /^Release "third" has been upgraded\./)
  assert.is(JSON.parse((await mine('upgrade third ./failing -o json')).stdout).version, 3)
  assert.match((await mine('uninstall third --dry-run')).stdout, /release "third" would be uninstalled/)
  assert.is((await mine('un third')).stdout, 'release "third" uninstalled\n')
})

test('every group is impersonated, with the user', async () => {
  const as = (groups: string) => mine(`list -q --kube-as-user nobody ${groups}`)
  assert.match((await as('--kube-as-group one')).stderr, /cannot list resource "secrets"/)
  for (const groups of [
    '--kube-as-group one --kube-as-group system:masters',
    '--kube-as-group system:masters --kube-as-group two',
  ])
    assert.is((await as(groups)).status, 0, groups)
  assert.match((await mine('list --kube-as-group one')).stderr, /--kube-as-group needs --kube-as-user/)
})

test('template --dry-run=server renders for the cluster, and refuses kinds that it does not have', async () => {
  const rendered = await mine('template r ./web --dry-run=server -s templates/config.yaml')
  assert.match(rendered.stdout, /kube: "v1\.36/, rendered.stderr)
  assert.is((await mine('template r ./web --validate -s templates/config.yaml')).stdout, rendered.stdout)
  write(join(folder, 'strange'), {
    'Chart.yaml': 'apiVersion: v2\nname: strange\nversion: 0.1.0\n',
    'templates/a.yaml': 'apiVersion: example.com/v1\nkind: Strange\nmetadata: {name: x}\n',
  })
  const refused = await mine('template r ./strange --dry-run=server')
  assert.is(refused.status, 1)
  assert.match(refused.stderr, /no matches for kind "Strange" in version "example\.com\/v1"/)
})

test.run()
