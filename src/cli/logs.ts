import { parseArgs } from 'node:util'
import type { Pod } from '../apimachinery/kinds.generated.ts'
import { controllerOf } from '../apimachinery/object.ts'
import { pathOf } from '../apimachinery/resource.ts'
import { pods, replicasets } from '../apimachinery/resources.generated.ts'
import type { Client } from '../client/client.ts'
import { applications, controlNamespace } from '../sync/application/application.ts'
import { logPath } from '../sync/operators/log-route.ts'
import { connect, connectionHelp, connectionOptions } from './assembly/connection.ts'

const help = `slipway logs: the logs of an application, a workload or a pod, of all its containers, or of an operator in the server

  slipway logs NAME            an Application, else a Deployment (or other workload), else a pod
  slipway logs operator/NAME   an Operator that a repository has and the server runs

  -n, --namespace NS  default: the Application's, else default
  -f, --follow        go on as more comes
  --tail N            only the last N lines of each container
${connectionHelp}  -o json             a JSON object a line

Examples:
  slipway logs demo
  slipway logs -f demo --tail 10
`

interface Line {
  readonly pod: string
  readonly container: string
  readonly text: string
}

/** `slipway logs`. */
export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      ...connectionOptions,
      namespace: { type: 'string', short: 'n' },
      follow: { type: 'boolean', short: 'f', default: false },
      tail: { type: 'string' },
      output: { type: 'string', short: 'o' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const name = positionals[0]
  if (values.help || !name) {
    process.stdout.write(help)
    return values.help ? 0 : 2
  }
  const client = await connect(values)
  const query = new URLSearchParams({
    ...(values.follow ? { follow: 'true' } : {}),
    ...(values.tail ? { tailLines: values.tail } : {}),
  })
  if (name.startsWith('operator/')) {
    const operator = name.slice('operator/'.length)
    const told = (text: string) =>
      process.stdout.write(`${values.output === 'json' ? JSON.stringify({ operator, text }) : text}\n`)
    return readOperator(client, operator, values.namespace ?? 'default', query, told)
  }
  const found = await podsOf(client, name, values.namespace)
  if (found.length === 0) {
    process.stderr.write(`slipway: no pod of "${name}" in namespace ${values.namespace ?? 'default'}\n`)
    return 1
  }
  const containers = found.flatMap((pod) => (pod.spec?.containers ?? []).map((c) => ({ pod, container: c.name })))
  const print = (line: Line) => {
    if (values.output === 'json') process.stdout.write(`${JSON.stringify(line)}\n`)
    else process.stdout.write(containers.length > 1 ? `[${line.pod} ${line.container}] ${line.text}\n` : `${line.text}\n`)
  }
  await Promise.all(containers.map(({ pod, container }) => read(client, pod, container, query, print)))
  return 0
}

/** The pods of an Application, of the workload of that name, or the pod of that name. */
async function podsOf(client: Client, name: string, namespace: string | undefined): Promise<Pod[]> {
  const app = await client.get(applications, name, { namespace: controlNamespace }).catch(() => undefined)
  const where = namespace ?? app?.spec.destination.namespace ?? 'default'
  const [all, sets] = await Promise.all([client.list(pods, { namespace: where }), client.list(replicasets, { namespace: where })])
  const wanted = new Set((app?.status?.resources ?? []).map((r) => `${r.kind}/${r.name}`))
  const deploymentOf = new Map(sets.items.map((set) => [set.metadata.name, controllerOf(set)]))
  return all.items.filter((pod) => {
    const owner = controllerOf(pod)
    const chain = [
      { kind: 'Pod', name: pod.metadata.name ?? '' },
      owner,
      owner?.kind === 'ReplicaSet' ? deploymentOf.get(owner.name) : undefined,
    ]
    return chain.some((o) => o && (app ? wanted.has(`${o.kind}/${o.name}`) : o.name === name))
  })
}

async function read(
  client: Client,
  pod: Pod,
  container: string,
  query: URLSearchParams,
  print: (line: Line) => void,
): Promise<void> {
  const name = pod.metadata.name ?? ''
  const path = `${pathOf(pods, pod.metadata.namespace, name, 'log')}?${new URLSearchParams({ container, ...Object.fromEntries(query) })}`
  const answer = await client.raw({ method: 'GET', path })
  await eachLine(answer.body, (text) => print({ pod: name, container, text }))
}

async function readOperator(
  client: Client,
  name: string,
  namespace: string,
  query: URLSearchParams,
  told: (text: string) => void,
) {
  const answer = await client.raw({ method: 'GET', path: `${logPath(namespace, name)}?${query}` })
  if (answer.status === 200) {
    await eachLine(answer.body, told)
    return 0
  }
  await eachLine(answer.body, (text) => process.stderr.write(`slipway: ${text}\n`))
  return 1
}

async function eachLine(body: AsyncIterable<Uint8Array>, told: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) told(line)
  }
  if (rest) told(rest)
}
