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
const UNCERTAIN = new Set(
  (
    'now ago date dateInZone date_in_zone dateModify date_modify mustDateModify must_date_modify htmlDate htmlDateInZone durationRound toDate mustToDate ' +
    'unixEpoch getHostByName keys values shuffle lookup fail tpl include required call'
  ).split(' '),
)
const NAMES = Object.entries(FAMILIES)
  .filter(([family]) => family !== 'random' && family !== 'crypto')
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
]
const NUMBERS = ['0', '1', '2', '3', '-1', '7', '10', '0x1F', '1.5', '-0.25', '1e3', '1_000', "'a'"]
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
    switch (type) {
      case 'string':
        return this.pick([
          () => JSON.stringify(this.pick(STRINGS)),
          () => this.pick(['.Values.s', '.Values.u', '.Values.multi', '.Values.ver', '.Values.path']),
          () => `(${this.call(depth - 1)} | toString)`,
        ])()
      case 'int':
        return this.pick(['0', '1', '2', '3', '-1', '5', '(len .Values.list)'])
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
    const kind = this.below(depth > 0 ? 5 : 3)
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
    return `(${this.call(depth - 1)})`
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
    const width = this.pick(['', '', '', '5', '12', '.2', '8.3', '.0'])
    const verb = `%${this.pick(FLAGS)}${width}${this.pick(VERBS)}`
    return `printf ${JSON.stringify(`<${verb}>`)} ${this.any(depth)}`
  }

  private action(depth: number): string {
    const [left, right] = [this.pick(['{{', '{{', '{{- ']), this.pick(['}}', '}}', ' -}}'])]
    return `${left}${this.call(depth)}${right}`
  }

  statement(depth: number): string {
    const inner = () => (depth > 1 ? this.statement(depth - 1) : this.action(2))
    switch (this.below(9)) {
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
  return `{{define "t"}}({{.}}){{end}}{{$x := 1.5}}${maker.statement(2)}|${maker.statement(1)}`
}
