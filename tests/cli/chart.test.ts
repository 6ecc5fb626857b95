import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'chart-verbs-'))
const env = { ...process.env, HELM_CONFIG_HOME: folder, HELM_CACHE_HOME: folder }
const chart = (...args: string[]) =>
  execFileSync(process.execPath, [join(root, 'src/cli/main.ts'), 'chart', ...args], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
const failure = (...args: string[]): string => {
  try {
    chart(...args)
  } catch (e) {
    return String((e as { stderr: string }).stderr)
  }
  throw new Error('it should have failed')
}
const web = join(root, 'charts/web')

test.after(() => rmSync(folder, { recursive: true }))

test('every verb tells how it is used, with an example', () => {
  const verbs = [...chart('--help').matchAll(/^ {2}([a-z]+) /gm)].map((m) => m[1] as string)
  assert.ok(verbs.includes('template') && verbs.includes('install'))
  for (const verb of ['template', 'repo', 'install', 'upgrade', 'diff', 'search'])
    assert.match(chart(verb, '--help'), new RegExp(`Usage: slipway chart ${verb} [^]*Examples:\\n {2}slipway chart ${verb}`))
})

test('a post-renderer changes what is rendered, and one that fails is told', () => {
  const script = join(folder, 'render.sh')
  writeFileSync(script, '#!/bin/sh\nsed "s/kind: Service$/kind: Renamed/"\n', { mode: 0o755 })
  assert.match(chart('template', 'x', web, '--post-renderer', script), /kind: Renamed/)
  assert.match(
    failure('template', 'x', web, '--post-renderer', '/bin/false'),
    /error while running post render on files: \/bin\/false: exit status 1/,
  )
})

test('--output-dir writes a file for each template', () => {
  const said = chart('template', 'x', web, '--output-dir', join(folder, 'out'))
  assert.match(said, /wrote .*out\/web\/templates\/service\.yaml/)
  assert.match(readFileSync(join(folder, 'out/web/templates/service.yaml'), 'utf8'), /kind: Service/)
})

test('programs get JSON or YAML, and a format that is none is refused', () => {
  assert.equal(JSON.parse(chart('repo', 'list', '-o', 'json')), [])
  assert.is(chart('repo', 'list', '-o', 'yaml'), '[]\n')
  assert.match(
    failure('repo', 'list', '-o', 'xml'),
    /invalid argument "xml" for "-o, --output" flag: invalid format type\nHint: use -o table, json or yaml/,
  )
})

test('an unknown flag is named', () => {
  assert.match(failure('template', 'x', web, '--no-such'), /unknown flag: --no-such/)
})

test.run()
