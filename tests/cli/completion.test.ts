import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run as chartCompletion } from '../../src/cli/chart/completion.ts'
import { lines, offer } from '../../src/cli/completion/candidates.ts'
import { chartOffer, type Names } from '../../src/cli/completion/chart-verbs.ts'
import { SCRIPTS } from '../../src/cli/completion/scripts.ts'
import { run as completion } from '../../src/cli/completion.ts'
import { said } from './said.ts'

const names: Names = {
  releases: async () => [{ word: 'web', about: 'web-1.0.0 -> deployed' }, { word: 'wiki' }],
  revisions: async (_flags, release) => [{ word: '2', about: release }, { word: '1' }],
  namespaceNames: async (flags) => [{ word: 'default' }, { word: `of-${flags.get('kube-context')}` }],
  contexts: async () => [{ word: 'one' }],
  repositoryNames: () => [{ word: 'bitnami' }],
  repositoryCharts: () => [{ word: 'bitnami/nginx' }],
}
const fit = async (line: string) => {
  const { candidates, files } = await chartOffer(line.split(' '), names)
  return [...candidates.map((c) => c.word), ...(files ? ['FILES'] : [])].join(' ')
}

test('chart verbs, their own verbs, flags and values that have a choice', async () => {
  for (const [line, fits] of [
    ['up', 'upgrade'],
    ['re', 'registry repo'],
    ['repo re', 'remove'],
    ['dep u', 'update'],
    ['list --o', '--offset --output'],
    ['repo list --no', '--no-headers'],
    ['list -o ', 'table json yaml'],
    ['list -ojson --output=y', '--output=yaml'],
    ['install --dry-run=s', '--dry-run=server'],
    ['install -f ', 'FILES'],
    ['install --set ', ''],
    ['list --kube-context ', 'one'],
    ['list --kube-context east -n of', 'of-east'],
    ['nonsense x', ''],
    ['completion z', 'zsh'],
  ] as const)
    assert.is(await fit(line), fits, line)
})

test('releases, revisions, repositories and charts, where a verb takes them', async () => {
  for (const [line, fits] of [
    ['status w', 'web wiki'],
    ['status web ', ''],
    ['uninstall web ', 'wiki'],
    ['get values we', 'web'],
    ['get values -o json we', 'web'],
    ['rollback web ', '2 1'],
    ['upgrade web bit', 'bitnami/nginx FILES'],
    ['upgrade web --install ./x', 'FILES'],
    ['install web x -', await fit('install -')],
    ['template web chart ', ''],
    ['repo remove ', 'bitnami'],
    ['lint ', 'FILES'],
  ] as const)
    assert.is(await fit(line), fits, line)
})

const HELP = `slipway thing: things

  slipway thing list
  slipway thing delete NAME     what it had stays

  --data DIR     where
  -o json|yaml   for programs
  --all          every one
`
test('what other verbs take comes out of their help', async () => {
  const verbs = { about: { thing: 'things', other: '' }, help: async () => HELP, chart: async () => ({ candidates: [] }) }
  const shown = async (line: string) => lines(await offer(line.split(' '), verbs))
  assert.is(await shown('th'), 'thing\tthings\n:words\n')
  assert.is(await shown('thing '), 'list\ndelete\twhat it had stays\n:words\n')
  assert.is(await shown('thing --a'), '--all\tevery one\n:words\n')
  assert.is(await shown('thing -o y'), 'yaml\n:words\n')
  assert.is(await shown('thing --data '), ':files\n')
  assert.is(await shown('thing delete x'), ':files\n')
  assert.is(await shown('none '), ':words\n')
})

test('every shell has its script, from slipway completion and slipway chart completion', async () => {
  for (const shell of ['bash', 'zsh', 'fish', 'powershell'])
    for (const run of [completion, chartCompletion]) assert.is((await said(run, shell)).stdout, SCRIPTS[shell])
  const wrong = await said(completion, 'tcsh')
  assert.equal([wrong.status, wrong.stderr], [1, 'Error: use slipway completion bash|zsh|fish|powershell\n'])
})

test('bash puts together what it cut at = and :, and offers what slipway says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'completion-'))
  try {
    const asked = join(folder, 'asked')
    const program = join(folder, 'slipway')
    writeFileSync(program, `#!/bin/sh\nprintf '%s|' "$@" > ${asked}\nprintf '%s\\n' "$ANSWER"\n`)
    chmodSync(program, 0o755)
    // As bash's line editor calls it: words are cut at the letters of COMP_WORDBREAKS, too.
    const complete = async (line: string, words: readonly string[], answer: string) => {
      const script = `${SCRIPTS.bash}\ncd ${folder}\nCOMP_LINE=$1; shift; COMP_POINT=\${#COMP_LINE}; COMP_WORDS=("$@"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))\nCOMP_WORDBREAKS=$' \\t\\n"><=;|&(:'\n_slipway\nprintf '%s\\n' "\${COMPREPLY[@]}"; echo "asked $(cat ${asked})"`
      const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', line, 'slipway', ...words], {
        env: { ...process.env, ANSWER: answer, PATH: `${folder}:${process.env.PATH}` },
      })
      return stdout.trim().split('\n')
    }
    assert.equal(await complete('slipway chart st', ['chart', 'st'], 'status\tits state\n:words'), [
      'status',
      'asked completion|--words|chart|st|',
    ])
    assert.equal(
      await complete('slipway chart list --output=j', ['chart', 'list', '--output', '=', 'j'], '--output=json\n:words'),
      ['json', 'asked completion|--words|chart|list|--output=j|'],
    )
    assert.equal(
      await complete('slipway chart pull oci://a', ['chart', 'pull', 'oci', ':', '//a'], ':words'),
      ['', 'asked completion|--words|chart|pull|oci://a|'].slice(1),
    )
    assert.equal(await complete('slipway chart lint as', ['chart', 'lint', 'as'], ':files'), [
      'asked',
      'asked completion|--words|chart|lint|as|',
    ])
    assert.equal(await complete('slipway chart ', ['chart', ''], 'a\nb\n:words'), ['a', 'b', 'asked completion|--words|chart||'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.run()
