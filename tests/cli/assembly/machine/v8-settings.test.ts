import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { servingFlags } from '../../../../src/cli/assembly/machine/v8-settings.ts'

test('each flag is one that V8 knows, and its usual value is the one that is written', () => {
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' })
  for (const { flag, usual } of servingFlags) {
    assert.is(new RegExp(`default: ${flag}=(\\d+)`).exec(known)?.[1], String(usual), flag)
  }
})

test.run()
