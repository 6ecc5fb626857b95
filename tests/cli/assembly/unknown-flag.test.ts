import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseFlags } from '../../../src/cli/assembly/api/unknown-flag.ts'

const options = { port: { type: 'string' }, 'audit-log-path': { type: 'string' } } as const

test('an unknown flag is told with what stands for it here, or what nearly has its name', () => {
  for (const [flag, advice] of [
    ['--secure-port=6443', 'unknown flag: --secure-port: use --port'],
    ['--audit-log-pth=x', 'unknown flag: --audit-log-pth: did you mean --audit-log-path? --help lists what there is'],
    ['--constructor=x', 'unknown flag: --constructor: --help lists what there is'],
  ] as const)
    assert.throws(
      () => parseFlags({ args: [flag], options }),
      (e: Error) => e.message === advice,
    )
})

test('known flags are read', () => {
  assert.is(parseFlags({ args: ['--port', '1'], options }).values.port, '1')
  assert.throws(() => parseFlags({ args: ['--port'], options }), /argument missing/)
})

test.run()
