import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import type { Unstructured } from '../apimachinery/object.ts'
import { nodes, pods } from '../apimachinery/resources.generated.ts'
import { isNotFound } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import { applications } from '../sync/application/application.ts'
import { connect, connectionHelp, connectionOptions } from './assembly/connection.ts'
import { DataDirectory, type RunFacts } from './assembly/machine/data-directory.ts'
import { table } from './assembly/table.ts'

const help = `slipway status: what runs, and how it is

${connectionHelp}  -o json|yaml        for programs

Examples:
  slipway status
  slipway status -o json | jq .applications
`

interface Report {
  readonly server: string | null
  readonly pid: number | null
  /** What carries Services on this machine. */
  readonly proxy: string | null
  readonly nodes: readonly { readonly name: string; readonly ready: boolean; readonly address: string }[]
  readonly applications: readonly {
    readonly name: string
    readonly sync: string
    readonly health: string
    readonly revision: string
  }[]
  readonly pods: { readonly total: number; readonly ready: number }
}

/** `slipway status`: exits 0 when everything is ready, 1 when not. */
export async function run(argv: string[]): Promise<number> {
  const options = { ...connectionOptions, output: { type: 'string', short: 'o' }, help: { type: 'boolean', short: 'h' } } as const
  const { values } = parseArgs({ args: argv, options })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const data = new DataDirectory(values.data)
  const running = data.running()
  if (!running && !values.kubeconfig) {
    process.stderr.write(`slipway: nothing runs on ${data.path}; start it with \`slipway up\`\n`)
    return 1
  }
  const report = await reportOf(await connect(values), running)
  if (values.output === 'json') process.stdout.write(`${JSON.stringify(report)}\n`)
  else if (values.output === 'yaml') process.stdout.write(stringify(report))
  else process.stdout.write(textOf(report))
  const allReady =
    report.nodes.every((n) => n.ready) && report.applications.every((a) => a.sync === 'Synced' && a.health === 'Healthy')
  return allReady ? 0 : 1
}

async function reportOf(client: Client, running: RunFacts | undefined): Promise<Report> {
  const none = (error: unknown) => {
    if (!isNotFound(error)) throw error
    return { items: [] }
  }
  const [nodeList, podList, appList] = await Promise.all([
    client.list(nodes),
    client.list(pods),
    client.list(applications).catch(none),
  ])
  const isReady = (o: { status?: { conditions?: { type?: string; status?: string }[] } }) =>
    o.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false
  return {
    server: running?.server ?? null,
    pid: running?.pid ?? null,
    proxy: running?.proxy ?? null,
    nodes: nodeList.items.map((n) => ({
      name: n.metadata.name ?? '',
      ready: isReady(n),
      address: n.status?.addresses?.find((a) => a.type === 'InternalIP')?.address ?? '',
    })),
    applications: appList.items.map((a) => ({
      name: a.metadata.name ?? '',
      sync: a.status?.sync?.status ?? 'Unknown',
      health: a.status?.health?.status ?? 'Unknown',
      revision: a.status?.sync?.revision?.slice(0, 7) ?? '',
    })),
    pods: {
      total: podList.items.length,
      ready: podList.items.filter((p) => isReady(p as unknown as Unstructured & { status?: object })).length,
    },
  }
}

function textOf(report: Report): string {
  const nodeRows = report.nodes.map((n) => [n.name, n.ready ? 'Ready' : 'NotReady', n.address])
  const appRows = report.applications.map((a) => [a.name, a.sync, a.health, a.revision])
  return [
    ...(report.server ? [`server ${report.server}, process ${report.pid}; Services by ${report.proxy}\n\n`] : []),
    table(['NODE', 'STATUS', 'ADDRESS'], nodeRows),
    ...(appRows.length > 0 ? ['\n', table(['APPLICATION', 'SYNC', 'HEALTH', 'COMMIT'], appRows)] : []),
    `\n${report.pods.ready} of ${report.pods.total} pods are ready\n`,
  ].join('')
}
