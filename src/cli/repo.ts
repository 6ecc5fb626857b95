import { parseArgs } from 'node:util'
import type { Client } from '../client/client.ts'
import { connect, connectionHelp, connectionOptions } from './assembly/connection.ts'
import { DataDirectory } from './assembly/machine/data-directory.ts'
import { table } from './assembly/table.ts'

const help = `slipway repo: repositories of the built-in Git server (a push to a new name makes one too)

  slipway repo list
  slipway repo create NAME
  slipway repo delete NAME     its Application and what that applied stay

${connectionHelp}  -o json             for programs

Examples:
  slipway repo create shop
  git clone -c include.path=$(slipway kubeconfig --git) https://127.0.0.1:6443/git/shop.git
`

/** `slipway repo`. */
export async function run(argv: string[]): Promise<number> {
  const options = { ...connectionOptions, output: { type: 'string', short: 'o' }, help: { type: 'boolean', short: 'h' } } as const
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true })
  const [verb = 'list', name] = positionals
  if (values.help || !['list', 'create', 'delete'].includes(verb) || (verb !== 'list' && !name)) {
    process.stdout.write(help)
    return values.help ? 0 : 2
  }
  const client = await connect(values)
  const server = new DataDirectory(values.data).lastRun()?.server ?? ''
  const method = { list: 'GET', create: 'PUT', delete: 'DELETE' }[verb] ?? 'GET'
  const path = verb === 'list' ? '/git/' : `/git/${(name ?? '').split('/').map(encodeURIComponent).join('/')}.git`
  const body = await ask(client, method, path)
  if (values.output === 'json') process.stdout.write(`${body}\n`)
  else if (verb === 'list')
    process.stdout.write(
      table(
        ['REPOSITORY', 'URL'],
        (JSON.parse(body) as string[]).map((r) => [r, `${server}/git/${r}.git`]),
      ),
    )
  else process.stdout.write(`${verb}d ${name}${verb === 'create' ? `: ${server}/git/${name}.git` : ''}\n`)
  return 0
}

async function ask(client: Client, method: string, path: string): Promise<string> {
  const answer = await client.raw({ method, path })
  const chunks: Uint8Array[] = []
  for await (const chunk of answer.body) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString().trim()
  if (answer.status >= 400) throw new Error(text || `the server answered ${answer.status}`)
  return text
}
