import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import type { HistoryItem, ObjectHistory } from '../api/history/object-history.ts'
import { jsonText, parseJson } from '../apimachinery/json.ts'
import { differences, shortValue } from '../sync/plan/difference.ts'
import { connect, connectionHelp, connectionOptions } from './assembly/connection.ts'
import { kindAndName, messageOf, pathTo, rawText, resourceNamed } from './assembly/resource-words.ts'

const help = `slipway history: who changed an object, when, and what; the kept changes, the oldest first, of deleted objects too

  slipway history KIND/NAME

  -n, --namespace NS  default: default
  --limit N           at most so many, the newest; default 50
${connectionHelp}  -o json|yaml        for programs: with the whole object of each revision

Examples:
  slipway history deploy/web -n shop
  slipway history cm/settings --limit 5 -o yaml
  slipway get deploy/web -n shop --at 1234 -o yaml     the object as of a revision that history told
`

/** `slipway history`. */
export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      ...connectionOptions,
      namespace: { type: 'string', short: 'n', default: 'default' },
      limit: { type: 'string', default: '50' },
      output: { type: 'string', short: 'o' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const { kind, name } = kindAndName(positionals)
  if (values.help || !kind || !name) {
    ;(values.help ? process.stdout : process.stderr).write(help)
    return values.help ? 0 : 2
  }
  const client = await connect(values)
  const resource = await resourceNamed(client, kind)
  const path = `${pathTo(resource, values.namespace, name)}/history?limit=${encodeURIComponent(values.limit)}`
  const { status, text } = await rawText(client, path, 'application/json')
  if (status !== 200) throw new Error(messageOf(text))
  const history = parseJson(text) as ObjectHistory
  if (values.output === 'json') process.stdout.write(`${jsonText(history)}\n`)
  else if (values.output === 'yaml') process.stdout.write(stringify(history))
  else process.stdout.write(historyText(history.items, resource.kind === 'Secret'))
  return 0
}

const maxFields = 20
const words = { ADDED: 'made', MODIFIED: 'changed', DELETED: 'deleted' } as const

/** A line for each change, and below it the fields that it changed. The content of Secrets is not shown. */
export function historyText(items: readonly HistoryItem[], isSecret: boolean): string {
  const lines = items.flatMap((item, i) => {
    const by = item.user === undefined ? '' : ` by ${item.user}${item.manager ? ` with ${item.manager}` : ''} (${item.verb})`
    const head = `${item.revision}  ${item.time ?? '(no time kept)'}  ${words[item.type]}${by}`
    const before = items[i - 1]
    if (item.type !== 'MODIFIED' || !before) return [head]
    return [head, ...fieldLines(before.object, item.object, isSecret)]
  })
  return `${lines.join('\n')}\n`
}

function fieldLines(before: unknown, after: unknown, isSecret: boolean): string[] {
  const statusOf = (object: unknown) => ({ status: { of: (object as { status?: unknown })?.status } }).status
  const changes = [
    ...differences(before, after),
    ...differences(statusOf(before), statusOf(after)).map((c) => ({ ...c, field: c.field.replace(/^of/, 'status') })),
  ]
  const lines = changes.slice(0, maxFields).map(({ field, before: old, after: now }) => {
    const hide = isSecret && /^(data|stringData)/.test(field)
    return `      ${field}: ${shortValue(old, hide)} → ${shortValue(now, hide)}`
  })
  return changes.length > maxFields ? [...lines, `      … and ${changes.length - maxFields} more fields`] : lines
}
