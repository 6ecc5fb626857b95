import { RE2JS } from 're2js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { plainRegex } from '../../../../src/helmlike/functions/regex/plain-regex.ts'

const PLAIN = [
  '(-?[^a-z\\d\\-])+-?',
  '-r\\d+$|sha256:',
  '([A-Za-z])i',
  '^a|b$|c',
  'ab|a',
  'a|ab|abc',
  '(ab)+c',
  '(a)?b',
  '(?:a-)*b',
  '(x?[ab])+',
  '(-[a-z])(\\d)',
  '(a[^b]?b)*',
  '(a){2}b',
  '([ab]+)-([ab]+)',
  '(a*b)?c',
  '^$',
  '',
  '^',
]
const ALPHABET = [...'aabbcx-1 i:A\né']

/** Texts of up to nine characters, the same in every run. */
function* texts(): Generator<string> {
  let seed = 7
  const below = (n: number) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    return (seed >> 8) % n
  }
  for (let i = 0; i < 2000; i++) yield Array.from({ length: below(10) }, () => ALPHABET[below(ALPHABET.length)]).join('')
  yield* ['image:1.2-r3', 'image@sha256:abc', 'A-B', 'ab--c']
}

for (const pattern of PLAIN) {
  test(`${JSON.stringify(pattern)} finds what RE2 finds, with the same groups`, () => {
    const plain = plainRegex(pattern)
    assert.ok(plain)
    const compiled = RE2JS.compile(pattern)
    for (const text of texts()) {
      plain.expression.lastIndex = 0
      const ours = plain.expression.exec(text)
      const matcher = compiled.matcher(text)
      const found = matcher.find()
      assert.is(ours !== null, found, JSON.stringify(text))
      if (!ours) continue
      const theirs = Array.from({ length: matcher.groupCount() + 1 }, (_, i) => (matcher.group(i) as string | null) ?? undefined)
      assert.equal([ours.index, ...ours], [matcher.start(), ...theirs], JSON.stringify(text))
    }
  })
}

test('what could take long, or means something else in JavaScript, is left to RE2', () => {
  const refused = [
    '(a?a)+b',
    '(a+)+b',
    '(a*)*b',
    '(a|a)*b',
    '(a|b)',
    '((a)b)',
    '(a?)*',
    '(a?)?',
    '(a?){3}',
    '(.?x)+y',
    '(xa?)+a',
    'a*a*a*b',
    'a?a?a?a?a?aaaaa',
    '(a$)',
    '(^a)',
    'a^',
    'a$b',
    '^^a',
    'a|',
    '|a',
    'a||b',
    '()',
    '(a',
    'a)',
    'a+?',
    '(a)+?',
    'a**',
    '(?i)a',
    '\\ba',
    '\\pL',
    '(?P<n>a)',
    'a{1001}',
    '[z-a]',
  ]
  for (const pattern of refused) assert.is(plainRegex(pattern), undefined, pattern)
})

test('the more is repeated, the shorter the texts', () => {
  assert.is(plainRegex('a+b')?.maxLength, 4096)
  assert.is(plainRegex('a+b+')?.maxLength, 256)
  assert.is(plainRegex('a+|b+|c+')?.maxLength, 4096)
  assert.is(plainRegex('(ab)+c*')?.maxLength, 256)
  for (const pattern of ['[ab]*[ab]*c', '(a?b)*[ab]*c']) {
    const plain = plainRegex(pattern)
    assert.ok(plain)
    const started = performance.now()
    assert.not.ok(plain.expression.test('ab'.repeat(plain.maxLength / 2)))
    assert.ok(performance.now() - started < 2000, pattern)
  }
})

test.run()
