import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import { parseJson } from '../apimachinery/json.ts'
import { connect, connectionHelp, connectionOptions } from './assembly/connection.ts'
import { kindAndName, messageOf, pathTo, rawText, resourceNamed } from './assembly/resource-words.ts'
import { table } from './assembly/table.ts'

const help = `slipway get: objects as they are, or as they were

  slipway get KIND [NAME]      or KIND/NAME

  --at REVISION|TIME  as of then: a revision, a time such as 2026-11-29T10:00:00Z, or how long ago: 30s, 5m, 2h
  -n, --namespace NS  default: default
  -A                  of all namespaces
${connectionHelp}  -o json|yaml        the objects; without it a table

Examples:
  slipway get deploy/web --at 5m -o yaml
  slipway get pods -n shop --at 2026-11-29T10:00:00Z
  slipway get cm/settings --at 1234 -o yaml | kubectl apply -f -
`

interface Table {
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[]
  readonly rows: readonly {
    readonly cells: readonly unknown[]
    readonly object?: { readonly metadata?: { readonly namespace?: string } }
  }[]
}

/** `slipway get`. */
export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      ...connectionOptions,
      at: { type: 'string' },
      namespace: { type: 'string', short: 'n', default: 'default' },
      'all-namespaces': { type: 'boolean', short: 'A', default: false },
      output: { type: 'string', short: 'o' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const { kind, name } = kindAndName(positionals)
  if (values.help || !kind) {
    ;(values.help ? process.stdout : process.stderr).write(help)
    return values.help ? 0 : 2
  }
  const client = await connect(values)
  const resource = await resourceNamed(client, kind)
  const everywhere = values['all-namespaces'] && name === undefined
  const query = values.at === undefined ? '' : `?at=${encodeURIComponent(values.at)}`
  const path = pathTo(resource, everywhere ? undefined : values.namespace, name) + query
  const isTable = values.output === undefined
  const accept = isTable ? 'application/json;as=Table;g=meta.k8s.io;v=v1' : 'application/json'
  const { status, text } = await rawText(client, path, accept)
  if (status !== 200) throw new Error(messageOf(text))
  if (values.output === 'json') process.stdout.write(`${text.trimEnd()}\n`)
  else if (values.output === 'yaml') process.stdout.write(stringify(parseJson(text)))
  else process.stdout.write(tableText(parseJson(text) as Table, everywhere && resource.namespaced))
  return 0
}

/** What kubectl would print of a Table. */
export function tableText({ columnDefinitions, rows }: Table, withNamespace: boolean): string {
  if (rows.length === 0) return 'nothing there\n'
  const shown = columnDefinitions.flatMap(({ name, priority }, i) => (priority === 0 ? [{ name: name.toUpperCase(), i }] : []))
  const head = [...(withNamespace ? ['NAMESPACE'] : []), ...shown.map(({ name }) => name)]
  const lines = rows.map(({ cells, object }) => [
    ...(withNamespace ? [object?.metadata?.namespace ?? ''] : []),
    ...shown.map(({ i }) => String(cells[i] ?? '')),
  ])
  return table(head, lines)
}
