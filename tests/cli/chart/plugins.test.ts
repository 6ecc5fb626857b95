import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { write } from './charts-on-disk.ts'
import { hasHelm, helm, type Outcome } from './real-helm.ts'

/** The same plugins, installed and run by Helm and by us, each in a folder of its own: all that is written is the same. */
const folder = mkdtempSync(join(tmpdir(), 'plugins-'))
const main = join(import.meta.dirname, '../../../src/cli/main.ts')
const environment = (who: string) => ({
  ...process.env,
  KUBECONFIG: join(folder, 'none'),
  HELM_DATA_HOME: join(folder, who, 'data'),
  HELM_CACHE_HOME: join(folder, who, 'cache'),
  HELM_CONFIG_HOME: join(folder, who, 'config'),
})
const ours = (args: readonly string[]) =>
  new Promise<Outcome>((done) =>
    execFile(process.execPath, [main, 'chart', ...args], { cwd: folder, env: environment('ours') }, (error, stdout, stderr) =>
      done({ status: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    ),
  )
const git = (...args: string[]) =>
  execFileSync('git', ['-C', join(folder, 'cloned'), '-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args])
const legacy = (name: string, version: string) =>
  `name: ${name}\nversion: ${version}\nusage: says it\ncommand: $HELM_PLUGIN_DIR/say.sh one $HELM_NAMESPACE\nhooks: {install: echo installed, delete: echo deleted $HELM_PLUGIN_NAME, update: echo updated}\n`
const SAY =
  '#!/bin/sh\necho "$@" ns=$HELM_NAMESPACE debug=$HELM_DEBUG\n"$HELM_BIN" template x ./c | grep -c kind\n[ "$3" != fail ] || exit 3\n'

test.before(() => {
  write(folder, {
    'said/plugin.yaml': legacy('said', '0.1.0'),
    'said/say.sh': SAY,
    'cloned/plugin.yaml': legacy('cloned', '0.1.0'),
    'cloned/say.sh': SAY,
    'marks/plugin.yaml':
      'apiVersion: v1\nname: marks\ntype: postrenderer/v1\nversion: 1.2.3\nruntime: subprocess\nruntimeConfig: {platformCommand: [{command: "${HELM_PLUGIN_DIR}/marks.sh", args: [a]}]}\n',
    'marks/marks.sh': '#!/bin/sh\nsed "s/^  x: .*/  x: $1-$2/"\n',
    'bad/plugin.yaml': 'name: b ad\n',
    'c/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
    'c/templates/a.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a # here\ndata:\n  x: "1"\n---\nkind: Secret\nspec:\n  - "0777"\n',
    'c/templates/h.yaml': 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: h\n  annotations: {helm.sh/hook: pre-install}\n',
  })
  for (const file of ['said/say.sh', 'cloned/say.sh', 'marks/marks.sh']) chmodSync(join(folder, file), 0o755)
  git('init', '-q')
  for (const version of ['0.1.0', '0.2.0']) {
    write(folder, { 'cloned/plugin.yaml': legacy('cloned', version) })
    git('add', '-A')
    git('commit', '-qm', version)
    git('tag', `v${version}`)
  }
})
test.after(() => rmSync(folder, { recursive: true }))

test('plugins are installed, listed, run, updated and removed as Helm does it', async () => {
  if (!hasHelm) return
  const url = `file://${join(folder, 'cloned')}`
  for (const line of [
    'plugin list',
    'plugin install ./said',
    'plugin install ./said',
    'plugin add marks',
    `plugin install ${url}`,
    `plugin install ${url} --verify=false --version <0.2`,
    'plugin ls',
    'plugin list --type postrenderer/v1',
    'said a --x -n space b --namespace=other',
    'said fail',
    'cloned',
    'template x ./c --post-renderer marks',
    'template x ./c --post-renderer marks --post-renderer-args b',
    'template x ./c --post-renderer marks -s templates/h.yaml',
    'plugin update cloned',
    'plugin update none',
    'plugin uninstall said none',
    'plugin rm marks cloned',
    'plugin list',
    'plugin uninstall',
    'plugin install ./nothing',
    'plugin install ./bad',
  ]) {
    const [theirs, mine] = [await helm(line.split(' '), environment('helm'), folder), await ours(line.split(' '))]
    assert.is(mine.status, theirs.status, `${line}: ${mine.stderr}\nhelm: ${theirs.stderr}`)
    assert.is(plain(mine.stdout), plain(theirs.stdout), line)
    const told = (o: Outcome) => plain(/Error: .*/.exec(o.stderr)?.[0] ?? '').replaceAll('/ours/', '/helm/')
    assert.is(told(mine), told(theirs), line)
  }
})

/** Before 4.3 Helm ended documents with other numbers of line feeds. */
const plain = (text: string) => text.replace(/\n+(?=---|$)/g, '\n')

test.run()
