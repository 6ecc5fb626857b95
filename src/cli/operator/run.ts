import { parseArgs } from 'node:util'
import type { Client } from '../../client/client.ts'
import { httpsClient } from '../../client/https.ts'
import { inClusterContext, isInCluster } from '../../client/in-cluster.ts'
import { isCustomResource } from '../../crd/authoring/custom-resource.ts'
import { installDefinition } from '../../operators/install-definition.ts'
import { stderrLog } from '../../operators/log.ts'
import type { Operator } from '../../operators/operator.ts'
import { runOperators } from '../../operators/run-operators.ts'
import { connectionHelp, connectionOptions, connectTo } from '../assembly/connection.ts'
import { stopSignal } from '../assembly/machine/stop-signal.ts'
import { operatorsIn } from '../assembly/user-operators.ts'
import { webhooksFor } from '../assembly/webhook-address.ts'

const help = `slipway operator run: runs operators against a cluster, until Ctrl-C

  slipway operator run FILE …         modules that export operators

  --install-crds      applies the definitions of kinds written with customResource() first
  -n, --namespace NS  the operator's own namespace: of its Lease and certificates; default: its pod's, else default
  --watch NS          works on objects of this namespace only
  -l, --selector S    works on objects with these labels only
  --webhook-url URL   where the API server finds this process's webhooks; needed when it runs on another machine
  --status-port N     serves /metrics, /healthz and /readyz
  --no-election       does not stand for election: nobody else runs it
  -v, --verbose       log more
${connectionHelp}In a pod, without any of these: the cluster it is in, as its service account.

Examples:
  slipway operator run operator.ts --install-crds
  slipway operator run operator.ts --kubeconfig ~/.kube/config --watch team-a
`

/** `slipway operator run`: runs until SIGINT or SIGTERM. Also what a packaged operator's container runs. */
export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    allowNegative: true,
    options: {
      ...connectionOptions,
      'install-crds': { type: 'boolean', default: false },
      namespace: { type: 'string', short: 'n' },
      watch: { type: 'string' },
      selector: { type: 'string', short: 'l' },
      'webhook-url': { type: 'string' },
      'status-port': { type: 'string' },
      election: { type: 'boolean', default: true },
      verbose: { type: 'boolean', short: 'v', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help || positionals.length === 0) {
    process.stdout.write(help)
    return values.help ? 0 : 2
  }
  const signal = stopSignal()
  const operators = (await Promise.all(positionals.map(operatorsIn))).flat()
  const { client, namespace, server } = await clusterOf(values)
  const warn = (text: string) => void process.stderr.write(`${text}\n`)
  if (values['install-crds']) await installCrds(client, operators, signal)
  const running = runOperators(client, operators, {
    signal,
    log: stderrLog(values.verbose ? 'info' : 'warn'),
    namespace: values.namespace ?? namespace,
    ...(values.election ? {} : { election: false }),
    // In a pod they are behind the Service that the chart makes.
    ...(server ? { webhooks: webhooksFor(server, values['webhook-url'], operators, warn) } : {}),
    ...(values['status-port'] ? { status: { port: Number(values['status-port']) } } : {}),
    select: {
      ...(values.watch ? { namespace: values.watch } : {}),
      ...(values.selector ? { labelSelector: values.selector } : {}),
    },
  })
  await running.started
  if (!signal.aborted) process.stderr.write(`running: ${operators.map((o) => o.name).join(', ')}\n`)
  await running.stopped
  return 0
}

interface Cluster {
  readonly client: Client
  /** Of the operator itself. */
  readonly namespace: string
  /** Of an API seen from outside of its cluster. */
  readonly server?: string
}

async function clusterOf(values: { data?: string; kubeconfig?: string; context?: string }): Promise<Cluster> {
  const isTold = values.data ?? values.kubeconfig ?? values.context
  if (isTold || !isInCluster()) return { ...(await connectTo(values)), namespace: 'default' }
  const { options, namespace } = await inClusterContext()
  return { client: httpsClient({ ...options, userAgent: 'slipway-operator' }), namespace }
}

/** Applies the definitions that the operators' own kinds carry. */
export async function installCrds(client: Client, operators: readonly Operator[], signal: AbortSignal): Promise<void> {
  for (const { definition } of operators)
    if (isCustomResource(definition.for)) await installDefinition(client, definition.for.definition, signal, 'slipway-operator')
}
