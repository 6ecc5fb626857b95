// Regular expressions that JavaScript's engine runs as RE2 would, in time that stays polynomial of a low degree: no groups, no
// alternatives, few repetitions. Most charts use only these, and RE2 costs 20 ms to load.

const MAX_REPETITIONS = 2
const TOKEN =
  /(\^)|(\$)|(\.)|([A-Za-z0-9_ /:@,=~<>"'%&#!;-])|\\([.\-/+*?()[\]{}|^$\\])|\\([dws])|(\[\^?(?:[A-Za-z0-9_./:@,= +*$!%&?#~-]|\\[.\-/+*?()[\]{}|^$\\dws])+\])/y
/** Counts have three digits at most: RE2 takes none above 1000. */
const QUANTIFIER = /[*+?]|\{\d{1,3}(?:,\d{0,3})?\}/y
const CLASSES: { readonly [letter: string]: string } = { d: '0-9', w: '0-9A-Za-z_', s: '\\t\\n\\f\\r ' }

function classText(text: string): string | undefined {
  const inner = text.slice(1, -1).replace(/^\^/, '')
  // A hyphen between two classes or a descending range is left to RE2.
  if (/\\[dws]-|-\\[dws]/.test(inner)) return undefined
  const body = inner.replace(/\\([dws])/g, (_m, letter: string) => CLASSES[letter] as string)
  return `[${text[1] === '^' ? '^' : ''}${body}]`
}

/** The JavaScript expression with the same meaning, or undefined where only RE2 will do. */
export function plainRegex(pattern: string): RegExp | undefined {
  let out = ''
  let repetitions = 0
  let i = 0
  while (i < pattern.length) {
    TOKEN.lastIndex = i
    const m = TOKEN.exec(pattern)
    if (!m) return undefined
    i += m[0].length
    const [, start, end, any, literal, escaped, letter, set] = m
    if (start) {
      if (out !== '') return undefined
      out = '^'
      continue
    }
    if (end) {
      if (i !== pattern.length) return undefined
      out += '$'
      continue
    }
    const part = any
      ? '[^\\n]'
      : literal
        ? escapeText(literal)
        : escaped
          ? escapeText(escaped)
          : letter
            ? `[${CLASSES[letter]}]`
            : classText(set as string)
    if (part === undefined) return undefined
    out += part
    QUANTIFIER.lastIndex = i
    const [quantifier = ''] = QUANTIFIER.exec(pattern) ?? []
    const isVariable = quantifier !== '' && !/^(?:\?|\{\d+\})$/.test(quantifier)
    if (isVariable && ++repetitions > MAX_REPETITIONS) return undefined
    out += quantifier
    i += quantifier.length
    if (quantifier !== '' && '?+*{'.includes(pattern[i] ?? ' ')) return undefined
  }
  try {
    return new RegExp(out, 'gu')
  } catch {
    return undefined
  }
}

const escapeText = (ch: string) => (/[A-Za-z0-9_ :@,=~<>"'%&#!;-]/.test(ch) ? ch : `\\${ch}`)

const FORM =
  /^(?:[^\\[\](){}]|\\[.\-/+*?()[\]{}|^$\\dwsDWS]|\[\^?(?:[^\\[\]]|\\[.\-/+*?()[\]{}|^$\\dwsDWS])+\]|\((?:\?:|(?!\?))|\)(?!\{)|\{\d{1,3}(?:,\d{0,3})?\})*$/

/** Whether RE2 surely takes the pattern, with groups and alternatives too: then it need not be loaded to say so. */
export function isSurelyRegex(pattern: string): boolean {
  if (!FORM.test(pattern)) return false
  try {
    return new RegExp(pattern, 'u').flags === 'u'
  } catch {
    return false
  }
}
