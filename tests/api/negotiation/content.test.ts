import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { contentFormat } from '../../../src/api/negotiation/content.ts'

test('a media type with parameters that nobody can read is unknown', () => {
  for (const end of ['', ';', ' ; charset=utf-8', ';a=b;c="d;\\"e"', '; a = b ;']) {
    assert.is(contentFormat(`application/json${end}`), 'json', end)
  }
  for (const end of [';a', '; charset', ';charset=', ';charset="x', ';;', ';a=b c']) {
    assert.throws(() => contentFormat(`application/json${end}`), /unknown format/, end)
  }
  const started = performance.now()
  assert.throws(() => contentFormat(`application/json;${' '.repeat(16_000)}x`))
  assert.ok(performance.now() - started < 100)
})

test.run()
