import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as source from '../../src/operators/public.ts'

test('slipway/operators gives every value of src/operators/public.ts, and the same ones', async () => {
  // By a variable: the compiler would read the sources for the name, but Node follows package.json.
  const name = 'slipway/operators'
  const entry: Record<string, unknown> = await import(name)
  assert.equal(Object.keys(entry).sort(), Object.keys(source).sort())
  assert.is(entry.defineOperator, source.defineOperator)
})

test.run()
