import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { optimizeSoonerFlag } from '../../../src/cli/assembly/optimize-sooner.ts'

test('the flag is one that V8 knows, and less than what it does by itself', () => {
  const [name = '', value] = optimizeSoonerFlag.split('=')
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' })
  const usual = new RegExp(`default: ${name}=(\\d+)`).exec(known)?.[1]
  assert.ok(Number(usual) > Number(value), `${name} is ${usual}`)
})

test.run()
