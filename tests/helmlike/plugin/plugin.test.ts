import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { commandFor, expanded, platformOf, prepared } from '../../../src/helmlike/plugin/command.ts'
import { readPlugin } from '../../../src/helmlike/plugin/metadata.ts'

const LINUX = platformOf('linux', 'x64')
const command = (os: string, arch: string, name: string) => ({ os, arch, command: name, args: [] })

test('the command of this system and architecture goes before those of the system, and those before the ones for all', () => {
  const all = [
    command('', '', 'any'),
    command('linux', '', 'linux'),
    command('Linux', 'AMD64', 'both'),
    command('', 'amd64', 'never'),
  ]
  const chosen = (list: typeof all, at = LINUX) => commandFor(list, at)?.command
  assert.is(chosen(all), 'both')
  assert.is(chosen(all, platformOf('linux', 'arm64')), 'linux')
  assert.is(chosen(all, platformOf('win32', 'x64')), 'any')
  assert.is(chosen([command('', 'amd64', 'never')]), undefined)
  assert.throws(() => prepared([], LINUX, {}, { expand: true }), /no plugin command is applicable/)
})

test('variables are put into the program, and into arguments where a plugin may have them', () => {
  const variables = { HELM_PLUGIN_DIR: '/p q', A: 'x' }
  const commands = [{ ...command('', '', '$HELM_PLUGIN_DIR/run one $A'), args: ['${A}y', '$NONE'] }]
  assert.equal(prepared(commands, LINUX, variables, { expand: true, more: ['$A'] }), {
    program: '/p q/run',
    args: ['one', 'x', 'xy', '', '$A'],
  })
  assert.equal(prepared(commands, LINUX, variables, { expand: false }).args, ['one', '$A', '${A}y', '$NONE'])
  assert.is(expanded('a$', variables), 'a$')
})

test('both forms of plugin.yaml are read into the same', () => {
  const old = readPlugin(
    'name: a\nversion: 1.0.0\nusage: "two\\nlines"\ncommand: run it\nhooks: {install: echo $X}\nignoreFlags: true\n',
    '/p',
  )
  assert.equal([old.type, old.apiVersion, old.about, old.ignoreFlags], ['cli/v1', 'legacy', 'two lines', true])
  assert.equal(old.commands[0]?.command, 'run it')
  assert.equal(old.hooks.install?.[0]?.args, ['-c', 'echo $X'])
  assert.is(old.expandsHooks, false)
  assert.is(readPlugin('name: s3\ndownloaders: [{command: get, protocols: [s3]}]\n', '/p').type, 'getter/v1')
  const now = readPlugin(
    'apiVersion: v1\nname: b\ntype: postrenderer/v1\nversion: 1.2.3\nruntime: subprocess\nruntimeConfig: {platformCommand: [{os: linux, command: c, args: [d]}]}\n',
    '/p',
  )
  assert.equal([now.type, now.commands], ['postrenderer/v1', [{ os: 'linux', arch: '', command: 'c', args: ['d'] }]])
})

test('what is no plugin is refused in the words of Helm', () => {
  const v1 = 'apiVersion: v1\nname: b\ntype: cli/v1\nversion: 1.2.3\n'
  for (const [text, told] of [
    ['name: a b\n', /invalid plugin name "a b": must contain only a-z, A-Z, 0-9, _ and -/],
    ['name: a\nversion: one\n', /invalid plugin version "one": must be valid semver/],
    ['name: a\ncommand: x\nplatformCommand: [{command: y}]\n', /both platformCommand and command are set/],
    ['name: a\ndownloaders: [{command: x}]\n', /downloader 0 has no protocols/],
    ['apiVersion: v2\n', /invalid plugin apiVersion: "v2"/],
    [v1, /`runtime` missing/],
    [`${v1}runtime: none\n`, /unsupported plugin runtime type: "none"/],
    [`${v1}runtime: extism/v1\n`, /do not run here/],
  ] as const)
    assert.throws(() => readPlugin(text, '/p'), told, text)
})

test.run()
