import { once } from 'node:events'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { FromChild, ToChild } from '../../../src/sync/operators/messages.ts'
import { startSandboxed } from '../../../src/sync/operators/sandbox.ts'

const module = 'operator.ts'
const code = {
  [module]: `
import { defineOperator, resourceOf } from 'slipway/operators'
export default defineOperator({ name: 'idle', for: resourceOf('ConfigMap'), owns: [], reconcile: () => undefined })`,
}

test('a process that was loaded and may not run ends when it is told to', async () => {
  const child = startSandboxed({ memoryMiB: 128, packages: undefined })
  child.send({ type: 'load', egress: [], code, module, packages: undefined } satisfies ToChild)
  const [loaded] = (await once(child, 'message')) as [FromChild]
  assert.is(loaded.type, 'loaded', JSON.stringify(loaded))
  child.kill('SIGTERM')
  const killing = setTimeout(() => child.kill('SIGKILL'), 5000)
  const [exitCode] = await once(child, 'exit')
  clearTimeout(killing)
  assert.is(exitCode, 0)
})

test.run()
