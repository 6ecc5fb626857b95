import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type FlagTable, parseFamily, parseFlags } from '../../../../src/cli/chart/flags/flags.ts'
import { helpOf } from '../../../../src/cli/chart/help.ts'
import { run as chart } from '../../../../src/cli/chart.ts'
import { FAMILIES, TABLES } from '../../../../src/cli/completion/chart-verbs.ts'
import { said } from '../../said.ts'

/** `helm VERB --help` of Helm 4.3.1: verb -> flag -> what it takes, and its short form; other names of the verb. */
type Recorded = {
  readonly [verb: string]: { readonly flags: { readonly [flag: string]: string }; readonly aliases?: readonly string[] }
}
const HELM = JSON.parse(readFileSync(join(import.meta.dirname, '../../../data/helmlike/helm-flags.json'), 'utf8')) as Recorded

const OURS = new Map<string, FlagTable>([
  ...Object.entries(TABLES),
  ...Object.entries(FAMILIES).flatMap(([name, family]) =>
    Object.entries(family).map(([verb, table]): [string, FlagTable] => [`${name} ${verb}`, table]),
  ),
])

test("every verb takes every flag of Helm's, in its short form, too, and with what Helm wants behind it", () => {
  const problems: string[] = []
  for (const [verb, { flags }] of Object.entries(HELM)) {
    const table = OURS.get(verb)
    if (!table) {
      problems.push(`there is no ${verb}`)
      continue
    }
    for (const [flag, what] of Object.entries(flags)) {
      const [kind, short] = what.split(' -')
      if (table.flags[flag] !== kind) problems.push(`${verb} --${flag}: ${table.flags[flag]}, not ${kind}`)
      if (short !== undefined && table.short[short] !== flag)
        problems.push(`${verb} -${short}: ${table.short[short]}, not ${flag}`)
    }
  }
  assert.equal(problems, [])
})

test('the help of a verb names every flag that it takes', () => {
  const missing: string[] = []
  for (const [verb, table] of OURS) {
    const help = helpOf(verb.split(' ')[0] as string) ?? ''
    for (const flag of Object.keys(table.flags))
      if (!new RegExp(`--${flag}(?![\\w-])`).test(help)) missing.push(`${verb} --${flag}`)
  }
  assert.equal(missing, [])
})

test("Helm's other names of verbs are ours", async () => {
  for (const [verb, { aliases = [] }] of Object.entries(HELM)) {
    const [name = '', inner] = verb.split(' ')
    for (const alias of inner === undefined ? aliases : []) {
      const help = await said(chart, alias, '--help')
      assert.match(help.stdout, `Usage: slipway chart ${name}`, alias)
    }
  }
  for (const alias of ['inspect', 'dep', 'dependencies']) assert.match((await said(chart, alias, '--help')).stdout, 'Usage:')
  const family = { list: { flags: {}, short: {} } }
  assert.is(parseFamily(['ls'], family, 'x', { ls: 'list' }).verb, 'list')
})

const TABLE: FlagTable = {
  flags: { quiet: 'bool', all: 'bool', max: 'int', output: 'value', wait: 'optional' },
  short: { q: 'quiet', A: 'all', m: 'max', o: 'output' },
  deprecated: { loud: 'quiet=false' },
}

test('flags are read as Go reads them: short ones together, values behind = or a space, -- ends them', () => {
  const flags = parseFlags(['-qA', '-m3', '-o=yaml', 'x', '--wait', '--max', '4', '-n', 'space', '--', '--all'], TABLE)
  assert.equal(flags.args, ['x', '--all'])
  assert.equal(flags.all('max'), ['3', '4'])
  assert.equal([flags.get('output'), flags.get('wait'), flags.get('namespace')], ['yaml', '', 'space'])
  assert.ok(flags.has('quiet') && flags.has('all'))
  assert.not(parseFlags(['--quiet=F'], TABLE).has('quiet'))
})

const failure = (...argv: string[]): { message: string; hint?: string } => {
  try {
    parseFlags(argv, TABLE)
  } catch (e) {
    return e as Error & { hint?: string }
  }
  throw new Error('it should have failed')
}

test("what is no flag, or no value, is refused in Go's words, and the flag that was meant is offered", () => {
  assert.is(failure('--outptu', 'x').message, 'unknown flag: --outptu')
  assert.is(failure('--outptu', 'x').hint, 'did you mean --output?')
  assert.is(failure('--zzz').hint, undefined)
  assert.is(failure('-qz').message, "unknown shorthand flag: 'z' in -qz")
  assert.is(failure('--output').message, 'flag needs an argument: --output')
  assert.is(failure('-qo').message, "flag needs an argument: 'o' in -qo")
  assert.is(
    failure('-m', 'x').message,
    'invalid argument "x" for "-m, --max" flag: strconv.ParseInt: parsing "x": invalid syntax',
  )
  assert.is(
    failure('--all=2').message,
    'invalid argument "2" for "-A, --all" flag: strconv.ParseBool: parsing "2": invalid syntax',
  )
})

test('an old name of a flag means the new one, and says so', async () => {
  const read = await said(() => Promise.resolve(parseFlags(['--loud'], TABLE).has('quiet') ? 1 : 0))
  assert.equal([read.status, read.stderr], [0, 'Flag --loud has been deprecated, use --quiet=false instead\n'])
})

test.run()
