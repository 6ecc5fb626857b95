// Templates made at random, the same for the same seed: every function whose result is certain, every construct, printf's verbs.
import { FAMILIES } from '../../src/helmlike/functions/signatures.ts'

export const VALUES = `
s: "hello world"
u: "héllo ✓"
n: 5
f: 1.5
big: 12345678901
neg: -3
t: true
fl: false
e: ""
z: 0
nul: null
list: [a, b, c]
nums: [3, 1, 2]
mixed: [1, "two", 3.5, true, null, {k: v}]
map: {b: 2, a: 1, c: {d: deep, e: [1, 2]}}
multi: "line1\\nline2\\n"
ver: "1.2.3-beta.1+build"
yaml: "a: 1\\nb: [x, y]\\n"
json: '{"a": [1, 2.5, "x"], "b": null}'
path: /a/b/../c.tar.gz
`
const KEYS = 's u n f big neg t fl e z nul list nums mixed map multi ver yaml json path missing map.c map.c.d map.a'.split(' ')

/** Their results differ from run to run or from machine to machine. */
const UNCERTAIN = new Set('now ago date htmlDate getHostByName keys values shuffle tpl include call'.split(' '))
const NAMES = Object.entries(FAMILIES)
  .filter(([family]) => family !== 'random' && family !== 'crypto')
  .concat([['crypto', { derivePassword: FAMILIES.crypto.derivePassword, decryptAES: FAMILIES.crypto.decryptAES }]])
  .flatMap(([, functions]) => Object.entries(functions as { readonly [name: string]: string }))
  .filter(([name]) => !UNCERTAIN.has(name))

const STRINGS = [
  '',
  'a',
  'hello',
  'a-b_c d',
  '1.2.3',
  '>=1.0.0',
  '^a.*$',
  '[a-c]+',
  '3',
  '-7',
  '2.5',
  'true',
  'a,b,c',
  'k: v',
  '{"x":1}',
  'ÄÖ ü',
  '%d',
  'aGk=',
  '日本語 x',
  'e\u0301 \u{1F600}',
  '\t\n',
  '1.2.3-rc.1+5',
  '~1.2 || >3, !=4',
  '1h30m',
  '2024-02-29',
  '2006-01-02T15:04:05Z07:00',
  'Europe/Berlin',
  'http://u:p@h.example:80/a/b?q=1#f',
  '<a href="x">&\'</a>',
  '$1-${x}',
  '(a)(?P<x>b)?',
  'a: [1, {b: ~}]',
  '[t]\nx = 1.0',
  '18446744073709551616',
  '0x10',
  'null',
  '.',
]
const NUMBERS = ['0', '1', '2', '3', '-1', '7', '10', '0x1F', '1.5', '-0.25', '1e3', '1_000', "'a'", '0b11', '0o17', '-5', '64']
/** Values of types that few functions expect. */
const ODD = [
  '(split "." "a.b.c")',
  '(splitList "," "a,b")',
  '(int64 -3)',
  '(float64 "2.5")',
  '.Chart.Annotations',
  '.Files',
  '(toDate "2006-01-02" "2024-02-29")',
  '(fromJson "{\\"n\\": 1, \\"f\\": 1.5}")',
  '(fromYaml "a: 1\\nb: ~")',
  '(semver "1.2.3-a+b")',
  '(until 3)',
  '(get (dict "a" nil) "a")',
  '(duration 3)',
  '(list nil)',
  '.Release.Revision',
  '.Values.missing.x',
  '.Capabilities.KubeVersion.Major',
  '(html "<")',
  '(keys (dict "one" 1))',
  '(values (dict "one" 1.5))',
  '(and 0 1)',
  '(or nil "x")',
  '(not 1)',
  '(index .Values.mixed 2)',
  '(slice "hello" 1 3)',
  '(adler32sum "x")',
  '$.Template',
  '$.Chart.Name',
]
const VERBS = 'v d s q x X t f g e b o c U T'.split(' ')
const FLAGS = ['', '', '', '#', '+', '-', '0', ' ']

class Maker {
  private state: number
  constructor(seed: number) {
    this.state = seed
  }

  private next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  private below(n: number): number {
    return Math.floor(this.next() * n)
  }
  private pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  /** An operand of a parameter type of the signatures. */
  private operand(type: string, depth: number): string {
    // Now and then what the function does not take.
    if (this.below(16) === 0) return this.pick([() => this.any(depth), () => this.pick(ODD), () => this.pick(NUMBERS)])()
    switch (type) {
      case 'time':
        return '(toDate "2006-01-02T15:04:05Z07:00" "2024-02-29T13:14:15+02:00")'
      case 'uint32':
        return this.pick(['1', '5'])
      case 'string':
        return this.pick([
          () => JSON.stringify(this.pick(STRINGS)),
          () => this.pick(['.Values.s', '.Values.u', '.Values.multi', '.Values.ver', '.Values.path']),
          () => `(${this.call(depth - 1)} | toString)`,
        ])()
      case 'int':
        return this.pick(['0', '1', '2', '3', '-1', '5', '(len .Values.list)', '-3', '12', '(int .Values.f)'])
      case 'float64':
        return this.pick(['1.5', '0.5', '2.0'])
      case 'bool':
        return this.pick(['true', 'false', '.Values.t', '(eq 1 2)'])
      case 'map':
        // Copies: a map that holds itself brings Helm down.
        return this.pick(['(dict "a" 1 "z" "y")', '(deepCopy .Values.map)', '(deepCopy .Values.map.c)'])
      case 'list':
        return this.pick(['.Values.list', '(list 1 2 3)', '.Values.nums'])
      default:
        return this.any(depth)
    }
  }

  private any(depth: number): string {
    const kind = this.below(depth > 0 ? 6 : 4)
    if (kind === 0) return `.Values.${this.pick(KEYS)}`
    if (kind === 1)
      return this.pick([JSON.stringify(this.pick(STRINGS)), this.pick(NUMBERS), 'true', 'nil', '.Values.mixed', '$x'])
    if (kind === 2)
      return this.pick([
        '(list 1 "a" nil)',
        '(dict "k" (list 1))',
        '(list)',
        '.Values.nums',
        '(int64 7)',
        '(float64 2)',
        '.Release.Name',
        '.Chart.Version',
      ])
    if (kind === 3) return this.pick(ODD)
    return `(${this.call(depth - 1)})`
  }

  /** The text with a slip of the pen. */
  broken(text: string): string {
    const at = 40 + this.below(Math.max(1, text.length - 40))
    const rest = text.slice(at)
    return (
      text.slice(0, at) +
      this.pick([
        () => rest.slice(1),
        () => rest.slice(2),
        () =>
          `${this.pick(['(', ')', '{{', '}}', '"', '`', ' ', '.', '$', '|', '-', ':=', ',', '\n', '{{end}}', '{{else}}', 'nil', "'"])}${rest}`,
      ])()
    )
  }

  /** A function with arguments, the last of them piped now and then. */
  call(depth: number): string {
    if (depth <= 0) return this.pick(['len .Values.list', 'print 1 "a" 2', 'int .Values.n', 'upper "x"', 'add 1 2'])
    if (this.below(6) === 0) return this.printf(depth)
    const [name, signature] = this.pick(NAMES)
    const params = signature
      .replace(/^@/, '')
      .split(',')
      .filter((p) => p !== '')
    const args: string[] = []
    for (const p of params) {
      if (!p.startsWith('...')) args.push(this.operand(p, depth))
      else for (let i = this.below(3); i > 0; i--) args.push(this.operand(p.slice(3), depth))
    }
    const last = args.length > 0 && this.below(3) === 0 ? args.pop() : undefined
    return `${last === undefined ? '' : `${last} | `}${[name, ...args].join(' ')}`
  }

  private printf(depth: number): string {
    const width = this.pick(['', '', '', '5', '12', '.2', '8.3', '.0', '.', '-6', '*', '[1]', '[2]', '.*'])
    const verb = `%${this.pick(FLAGS)}${this.pick(FLAGS)}${width}${this.pick(VERBS)}`
    const more = this.below(4) === 0 ? ` ${this.any(depth)}` : ''
    return `printf ${JSON.stringify(`<${verb}>${more ? '%v%%' : ''}`)} ${this.any(depth)}${more}`
  }

  private action(depth: number): string {
    const [left, right] = [this.pick(['{{', '{{', '{{- ']), this.pick(['}}', '}}', ' -}}'])]
    return `${left}${this.call(depth)}${right}`
  }

  statement(depth: number): string {
    const inner = () => (depth > 1 ? this.statement(depth - 1) : this.action(2))
    switch (this.below(16)) {
      case 9:
        return `{{with ${this.any(1)}}}<{{.}}>{{else with ${this.any(1)}}}[{{.}}]{{else}}-{{end}}`
      case 10:
        return `{{range ${this.pick(['$i, $e', '$e'])} := ${this.any(1)}}}{{$e}}{{${this.pick(['break', 'continue', '.'])}}}{{else}}none{{end}}`
      case 11:
        return `{{block "b${this.below(1000)}" ${this.any(1)}}}[{{.}}]{{end}}`
      case 12:
        return `{{$z := 0}}{{range $i := until 3}}{{$z = add $z $i}}{{$.Values.n}}{{end}}{{$z}}`
      case 13:
        return `{{${this.pick(['eq', 'ne', 'lt', 'le', 'gt', 'ge'])} ${this.any(1)} ${this.any(1)}}}{{${this.pick(['index', 'slice', 'len', 'not', 'and', 'or', 'html', 'js', 'urlquery', 'print', 'println'])} ${this.any(1)} ${this.any(1)}}}`
      case 14:
        return `{{(${this.any(1)}).${this.pick(['a', 'k', 'd.e', '_1', 'Major', 'String', 'Name', 'Year'])}}}${inner()}`
      case 15:
        return this.pick([
          () => `{{include "t" ${this.any(1)} | ${this.pick(['upper', 'nindent 2', 'quote', 'len', 'fromYaml'])}}}`,
          () => `{{if not ${this.any(1)}}}{{fail (print ${this.any(1)})}}{{end}}`,
          () =>
            `{{$m := dict "a" 1}}{{$_ := set $m ${this.operand('string', 1)} ${this.any(1)}}}{{$m}}{{range $k, $v := $m}}{{$k}}={{$v}};{{end}}`,
          () => `{{lookup "v1" "Pod" ${this.operand('string', 1)} ""}}{{required ${this.operand('string', 1)} ${this.any(1)}}}`,
        ])()
      case 0:
        return `{{if ${this.any(2)}}}A${inner()}{{else if ${this.any(1)}}}B{{else}}C{{end}}`
      case 1:
        return `{{range $i, $e := ${this.pick(['.Values.list', '.Values.map', '.Values.mixed', '(until 3)', '.Values.nul'])}}}[{{$i}}={{$e}}]{{else}}none{{end}}`
      case 2:
        return `{{with ${this.any(2)}}}<{{.}}>{{else}}-{{end}}`
      case 3:
        return `{{$y := ${this.any(2)}}}{{$y}}{{$y = ${this.any(1)}}} {{$y | toJson}}`
      case 4:
        return `{{range $e := .Values.nums}}{{if eq (int $e) 1}}{{${this.pick(['break', 'continue'])}}}{{end}}{{$e}},{{end}}`
      case 5:
        return `{{template "t" ${this.any(1)}}}${inner()}`
      case 6:
        return `{{tpl ${JSON.stringify(`{{ .Values.s }}${this.action(1)}`)} .}}`
      case 7:
        return ` x\n ${this.action(2)} \n{{- /* c */ -}} y`
      default:
        return this.action(3)
    }
  }
}

/** A text that uses a handful of functions and constructs. */
export function randomTemplate(seed: number): string {
  const maker = new Maker(seed)
  const text = `{{define "t"}}({{.}}){{end}}{{$x := 1.5}}${maker.statement(2)}|${maker.statement(1)}`
  return seed % 10 === 9 ? maker.broken(text) : text
}
