import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asWritten, type Decoded, DecodeError, decodeText } from '../../../src/api/schema/decode.ts'
import { golden, sorted, typeNamed } from '../golden.ts'

interface Line {
  readonly gvk: [string, string, string]
  readonly text: string
  readonly value?: unknown
  readonly strict?: string[]
  readonly error?: string
}

function decoded({ gvk, text }: Line): Decoded | string {
  try {
    return decodeText(typeNamed(gvk), text)
  } catch (e) {
    if (e instanceof DecodeError) return e.message
    throw e
  }
}

/** Go reads an empty managedFields as a wish to clear them, and writes it as nothing; here it stays until it is granted. */
function withoutEmptyManagedFields(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) =>
      key === 'managedFields' && Array.isArray(inner) && inner.length === 0 ? undefined : inner,
    ),
  )
}

/** Empty lists and maps are held, but Go does not write them where they are optional. */
const written = (gvk: Line['gvk'], value: unknown): unknown => asWritten(typeNamed(gvk), value)

test('random bodies of every kind are read, refused and written again as Go does it', () => {
  for (const line of golden<Line>('decode.jsonl')) {
    const result = decoded(line)
    if (typeof result === 'string') assert.is(result, line.error)
    else
      assert.equal(
        [sorted(written(line.gvk, withoutEmptyManagedFields(result.value))), result.strictErrors],
        [sorted(written(line.gvk, line.value)), line.strict ?? []],
        line.text,
      )
  }
})

test.run()
