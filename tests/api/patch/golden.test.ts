import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { strategicMergePatch } from '../../../src/api/patch/strategic.ts'
import { StatusError } from '../../../src/apimachinery/status.ts'
import { golden, sorted, typeNamed } from '../golden.ts'

interface Line {
  readonly gvk: [string, string, string]
  readonly document: Record<string, unknown>
  readonly patch: Record<string, unknown>
  readonly value?: unknown
  readonly error?: string
}

test('random strategic merge patches with every directive do what Go’s do', () => {
  for (const { gvk, document, patch, value, error } of golden<Line>('strategic.jsonl')) {
    try {
      assert.equal(sorted(strategicMergePatch(typeNamed(gvk), document, patch)), sorted(value), JSON.stringify(patch))
    } catch (e) {
      if (!(e instanceof StatusError)) throw e
      assert.ok(error, `${e.message} for ${JSON.stringify(patch)}`)
    }
  }
})

test.run()
