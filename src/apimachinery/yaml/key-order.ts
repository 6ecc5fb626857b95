// The order in which go-yaml writes the keys of a map: letters before digits' values, numbers inside keys by value.

const isLetter = (ch: string) => /\p{L}/u.test(ch)
const isDigit = (c: number) => c >= 48 && c <= 57
const isAsciiLetter = (c: number) => (c >= 97 && c <= 122) || (c >= 65 && c <= 90)
const letterAt = (s: string, i: number) => {
  const c = s.charCodeAt(i)
  return c < 128 ? isAsciiLetter(c) : isLetter(s[i] as string)
}

/** A comparison of keys; `v3`: with go-yaml v3's rule for a letter behind digits. */
export function compareKeys(v3: boolean): (a: string, b: string) => number {
  return (a, b) => (a === b ? 0 : less(a, b, v3) ? -1 : 1)
}

function less(a: string, b: string, v3: boolean): boolean {
  let digits = false
  const n = Math.min(a.length, b.length)
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) {
      digits = isDigit(x)
      continue
    }
    const al = letterAt(a, i)
    const bl = letterAt(b, i)
    if (al && bl) return x < y
    if (al || bl) return v3 && digits ? al : bl
    return byNumber(a, b, i)
  }
  return a.length < b.length
}

/** The keys differ at `i` in something that is no letter: numbers compare by value. */
function byNumber(a: string, b: string, i: number): boolean {
  let an = 0n
  let bn = 0n
  if (a[i] === '0' || b[i] === '0') {
    for (let j = i - 1; j >= 0 && isDigit(a.charCodeAt(j)); j--) {
      if (a[j] !== '0') {
        an = 1n
        bn = 1n
        break
      }
    }
  }
  let ai = i
  let bi = i
  for (; ai < a.length && isDigit(a.charCodeAt(ai)); ai++) an = BigInt.asIntN(64, an * 10n + BigInt(a.charCodeAt(ai) - 48))
  for (; bi < b.length && isDigit(b.charCodeAt(bi)); bi++) bn = BigInt.asIntN(64, bn * 10n + BigInt(b.charCodeAt(bi) - 48))
  if (an !== bn) return an < bn
  if (ai !== bi) return ai < bi
  return a.charCodeAt(i) < b.charCodeAt(i)
}
