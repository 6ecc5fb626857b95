import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseFlags } from '../../../../src/cli/chart/flags/flags.ts'
import { rateLimitOf } from '../../../../src/cli/chart/flags/rate-limit.ts'
import { colorsOf } from '../../../../src/cli/chart/output/colors.ts'
import { table } from '../../../../src/cli/chart/output/table.ts'

const NONE = { flags: {}, short: {} }
const isPainted = (argv: string[], env: NodeJS.ProcessEnv, isTerminal: boolean) =>
  colorsOf(parseFlags(argv, NONE), env, isTerminal).namespace('x') !== 'x'

test('colours: none with NO_COLOR; the flag, else HELM_COLOR, else whether a terminal shows them', () => {
  for (const [argv, env, isTerminal, painted] of [
    [[], {}, true, true],
    [[], {}, false, false],
    [[], { TERM: 'dumb' }, true, false],
    [[], { NO_COLOR: '1' }, true, false],
    [[], { NO_COLOR: '' }, true, true],
    [[], { HELM_COLOR: 'Always' }, false, true],
    [[], { HELM_COLOR: 'always', NO_COLOR: '1' }, true, false],
    [[], { HELM_COLOR: 'nonsense' }, false, false],
    [['--color', 'always'], { NO_COLOR: '1' }, true, false],
    [['--color', 'always'], { HELM_COLOR: 'never' }, false, true],
    [['--color=auto'], { HELM_COLOR: 'always' }, false, false],
    [['--color', 'always', '--colour=never'], {}, true, false],
  ] as const)
    assert.is(isPainted([...argv], env, isTerminal), painted, JSON.stringify([argv, env, isTerminal]))
  assert.throws(
    () => parseFlags(['--color=red'], NONE),
    (e: Error) => e.message === 'invalid color mode "red": must be one of: never, auto, always',
  )
})

test('colours do not widen a column', () => {
  const paint = colorsOf(parseFlags(['--color=always'], NONE), {}, false)
  assert.is(
    table([
      [paint.heading('A'), 'B'],
      [paint.status('deployed'), 'C'],
    ]),
    '\u001b[1mA\u001b[22m       \tB\n\u001b[32mdeployed\u001b[0m\tC\n',
  )
})

test('a limit of requests: flags before variables, 0 as client-go has it, none below 0', () => {
  const limit = (...argv: string[]) => rateLimitOf(parseFlags(argv, NONE))
  assert.is(limit(), undefined)
  assert.equal(limit('--qps', '2.5'), { qps: 2.5, burst: 100 })
  assert.equal(limit('--burst-limit', '7'), { qps: 5, burst: 7 })
  assert.equal(limit('--burst-limit=0', '--qps=0'), { qps: 5, burst: 10 })
  assert.is(limit('--burst-limit=-1'), undefined)
  assert.is(limit('--qps=-1'), undefined)
  process.env.HELM_QPS = '3'
  try {
    assert.equal(limit(), { qps: 3, burst: 100 })
    assert.equal(limit('--qps', '4'), { qps: 4, burst: 100 })
  } finally {
    delete process.env.HELM_QPS
  }
  for (const [argv, call] of [
    ['--qps=x', 'strconv.ParseFloat'],
    ['--burst-limit=1.5', 'strconv.ParseInt'],
  ] as const)
    assert.throws(
      () => parseFlags([argv], NONE),
      (e: Error) => e.message.includes(`flag: ${call}: parsing`),
    )
})

test.run()
