import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as operators from '../../src/operators/public.ts'
import * as testkit from '../../src/testkit/public.ts'

for (const [name, source] of Object.entries({ operators, testkit } as Record<string, Record<string, unknown>>)) {
  test(`slipway/${name} gives every value of src/${name}/public.ts, and the same ones`, async () => {
    // By a variable: the compiler would read the sources for the name, but Node follows package.json.
    const entry: Record<string, unknown> = await import(`slipway/${name}`)
    assert.equal(Object.keys(entry).sort(), Object.keys(source).sort())
    for (const value of Object.keys(source)) assert.is(entry[value], source[value])
  })
}

test.run()
