import type { Case, Message, Recorded, Step } from './case.ts'
import { at, ignore, isMembers } from './pointer.ts'
import type { Answer } from './requests.ts'
import type { Variables } from './run.ts'

type Members = Record<string, unknown>

const uuid = /\b(?!0{8}-)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g
const time = /\b(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(?:Z|[+-]\d\d:\d\d)/g
const jwt = /\beyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{20,}/g
const age = /^(\d+[smhdy])+$/
const twoDaysMs = 2 * 86_400_000

/** Texts that differ from run to run. */
const texts: readonly (readonly [RegExp, string])[] = [
  [/kube-api-access-[a-z0-9]{5}\b/g, 'kube-api-access-<suffix>'],
  [/(ResourceVersion in object meta: )\d+/g, '$1<rv>'],
  [/(Too large resource version: \d+, current: )\d+/g, '$1<rv>'],
  [/"resourceVersion":"\d+"/g, '"resourceVersion":"<rv>"'],
  [/(Invalid value: )"\{\\"(?=[^\n]*\\"kind\\":)[^\n]*?\}"(?=: )/g, '$1<object>'],
  [/(in record \()\d+\)/g, '$1<rv>)'],
  [/(too old resource version: \d+ \()\d+\)/g, '$1<rv>)'],
  [/\n[\s\S]*\b(core|apps|batch|networking|storage|resource|v1|v2)\.[A-Z]\w+\{[\s\S]*$/g, '\n<diff>'],
]

/** What is compared of an answer: all but what differs from run to run. */
export function normalized(answer: Answer, step: Step, test: Case, variables: Variables): Recorded {
  const normal = new Normal(variables, [...(test.mask ?? []), ...(step.mask ?? [])])
  const warnings = answer.warnings.map((w) => normal.text(w)).sort(byText)
  const messages = warnings.map((text, i): Message => [`warning/${i}`, text])
  const body = bodyOf(answer, step, normal, messages)
  return {
    status: answer.status,
    type: answer.type.toLowerCase().replace(/\s+/g, ''),
    ...(warnings.length > 0 ? { warnings: warnings.length } : {}),
    ...(answer.status === 429 && answer.retryAfter !== undefined ? { retryAfter: answer.retryAfter } : {}),
    ...(body === undefined ? {} : { body }),
    ...(messages.length > 0 ? { messages } : {}),
  }
}

function bodyOf(answer: Answer, { compare = {} }: Step, normal: Normal, messages: Message[]): unknown {
  const { raw, json } = answer
  if (compare.body === 'none') return undefined
  if (compare.body === 'prefix4') return { first4: raw.subarray(0, 4).toString('hex') }
  if (compare.body === 'lastLine') return { lastLine: normal.text(raw.toString().trim().split('\n').at(-1) ?? '') }
  if (json === undefined) {
    if (raw.length === 0) return undefined
    return { text: normal.text(raw.toString()).replace(/(resourceVersion: )"\d+"/g, '$1"<rv>"') }
  }
  let body = normal.value(json)
  if (compare.only && answer.status < 300) {
    body = Object.fromEntries(compare.only.map((pointer) => [pointer, at(body, pointer) ?? null]))
  }
  for (const pointer of compare.ignore ?? []) ignore(body, pointer)
  for (const pointer of compare.keysOnly ?? []) if (isMembers(at(body, pointer))) ignore(body, `${pointer}/*`)
  for (const pointer of compare.sorted ?? []) {
    const list = at(body, pointer)
    if (Array.isArray(list)) list.sort(byJson)
  }
  return takeMessages(body, '', messages)
}

class Normal {
  private readonly namespace: string
  /** Revisions that the case has saved. */
  private readonly revisions: ReadonlyMap<string, string>
  private readonly saved: readonly (readonly [string, string])[]
  private readonly masks: readonly RegExp[]

  constructor(variables: Variables, masks: readonly string[]) {
    this.namespace = variables.get('ns') ?? ''
    const all = [...variables].map(([name, value]) => [value, `\${${name}}`] as const)
    this.revisions = new Map(all.filter(([, name]) => name.startsWith('${rv')))
    this.saved = all
      .filter(([value, name]) => name !== '${ns}' && value.length >= 6 && !/^\d+$/.test(value))
      .sort(([a], [b]) => b.length - a.length)
    this.masks = masks.map((mask) => new RegExp(mask, 'g'))
  }

  text(given: string): string {
    let text = given
    for (const [value, name] of this.saved) text = text.replaceAll(value, name)
    text = text.replaceAll(this.namespace, '${ns}').replace(uuid, '<uid>').replace(time, nearNow).replace(jwt, '<jwt>')
    for (const [pattern, to] of texts) text = text.replace(pattern, to)
    for (const mask of this.masks) text = text.replace(mask, '<masked>')
    return text
  }

  value(value: unknown, key = ''): unknown {
    if (Array.isArray(value)) {
      const list = value.map((item) => this.value(item, key))
      if (key === 'managedFields') list.sort(byJson)
      if (key === 'causes') list.sort(byCause)
      return list
    }
    if (isMembers(value)) return this.members(value)
    if (typeof value === 'string') return this.field(key, value)
    const isPort = key === 'nodePort' || key === 'healthCheckNodePort'
    return isPort && typeof value === 'number' && value >= 30000 && value <= 32767 ? '<nodePort>' : value
  }

  private members(value: Members): Members {
    const result = Object.fromEntries(Object.entries(value).map(([key, member]) => [this.text(key), this.value(member, key)]))
    if (value.kind === 'Table' && Array.isArray(result.rows)) for (const row of result.rows) normalizeCells(row)
    const { generateName: base, name } = value
    const isGenerated = typeof base === 'string' && base !== '' && typeof name === 'string' && name.startsWith(base)
    if (isGenerated && /^[a-z0-9]{5}$/.test(name.slice(base.length)) && !String(result.name).startsWith('${')) {
      result.name = '<generated>'
    }
    return result
  }

  private field(key: string, value: string): string {
    if (key === 'resourceVersion' && /^\d+$/.test(value) && value !== '0') return this.revisions.get(value) ?? '<rv>'
    if (key === 'continue' && value.length > 10) return '<continue>'
    const isAddress = (key === 'clusterIP' || key === 'clusterIPs') && /^\d{1,3}(\.\d{1,3}){3}$/.test(value)
    return isAddress ? '<ip>' : this.text(value)
  }
}

function nearNow(text: string, seconds: string, fraction: string | undefined): string {
  const when = Date.parse(`${seconds}Z`)
  if (!(Math.abs(when - Date.now()) < twoDaysMs)) return text
  return fraction ? '<microtime>' : '<time>'
}

function normalizeCells(row: unknown): void {
  const cells = isMembers(row) ? row.cells : undefined
  if (!Array.isArray(cells)) return
  for (const [i, cell] of cells.entries()) {
    if (typeof cell !== 'string') continue
    if (age.test(cell)) cells[i] = '<age>'
    else cells[i] = /^10\.\d+\.\d+\.\d+$/.test(cell) ? '<ip>' : cell.replace(/:3[0-2]\d{3}\//g, ':<nodePort>/')
  }
}

/** Puts `<message>` in the place of the texts of statuses and conditions, which are counted apart. */
function takeMessages(value: unknown, where: string, found: Message[]): unknown {
  if (Array.isArray(value)) return value.map((item, i) => takeMessages(item, `${where}/${i}`, found))
  if (!isMembers(value)) return value
  const isStatus = value.kind === 'Status' && value.apiVersion === 'v1'
  const member = ([key, inner]: [string, unknown]): [string, unknown] => {
    const path = `${where}/${key}`
    if (isStatus && key === 'message' && typeof inner === 'string') {
      found.push([path, inner])
      return [key, '<message>']
    }
    if (isStatus && key === 'details' && isMembers(inner) && Array.isArray(inner.causes)) {
      return [key, { ...inner, causes: withoutMessages(inner.causes, `${path}/causes`, found, () => true) }]
    }
    if (key === 'conditions' && Array.isArray(inner)) return [key, withoutMessages(inner, path, found, (c) => 'type' in c)]
    return [key, takeMessages(inner, path, found)]
  }
  return Object.fromEntries(Object.entries(value).map(member))
}

function withoutMessages(
  list: readonly unknown[],
  path: string,
  found: Message[],
  counts: (item: Members) => boolean,
): unknown[] {
  return list.map((item, i) => {
    if (!isMembers(item) || typeof item.message !== 'string' || !counts(item)) return item
    found.push([`${path}/${i}/message`, item.message])
    return { ...item, message: '<message>' }
  })
}

const byText = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1)
const byJson = (a: unknown, b: unknown): number => byText(recordedJson(a), recordedJson(b))
const byCause = (a: unknown, b: unknown): number => {
  const keyOf = (cause: unknown) => recordedJson(isMembers(cause) ? [cause.field, cause.reason, cause.message] : String(cause))
  return byText(keyOf(a), keyOf(b))
}

/** JSON as the recordings were sorted by: keys in order, with spaces, in ASCII. */
function recordedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(recordedJson).join(', ')}]`
  if (isMembers(value)) {
    const members = Object.keys(value).sort(byText)
    return `{${members.map((key) => `${recordedJson(key)}: ${recordedJson(value[key])}`).join(', ')}}`
  }
  const text = JSON.stringify(value ?? null)
  return text.replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
