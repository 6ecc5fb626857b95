// The process of an operator that is part of a repository. It starts with Node's permission model on: no files, no processes, no workers.

import type { Socket } from 'node:net'
import { httpsClient } from '../../client/https.ts'
import { createLog } from '../../operators/log.ts'
import type { Operator } from '../../operators/operator.ts'
import { rulesOf } from '../../operators/rules.ts'
import { type RunningOperators, runOperators } from '../../operators/run-operators.ts'
import { reviewsOf } from '../../operators/webhooks/answer.ts'
import type { KeyPair } from '../../operators/webhooks/certificates.ts'
import { conversionOf, webhooksOf } from '../../operators/webhooks/served-webhooks.ts'
import { createWebhookMeter } from '../../operators/webhooks/webhook-metrics.ts'
import { createReviewServer, type ReviewServer } from '../../operators/webhooks/webhook-server.ts'
import { allowOnly } from './egress.ts'
import { serveCode } from './memory-modules.ts'
import type { Described, FromChild, ToChild } from './messages.ts'

const stop = new AbortController()
let operators: Operator[] = []
let reviews: ReviewServer | undefined
let running: RunningOperators | undefined
let token = ''

// Whoever has the channel can speak for this process: it is ours alone.
const say = process.send?.bind(process) as unknown as (message: FromChild) => void
for (const name of ['send', 'kill']) Object.defineProperty(process, name, { value: undefined, configurable: false })

process.on('message', (message: ToChild, connection?: Socket) => {
  if (message.type === 'token') token = message.token
  else if (message.type === 'leaf') certify(message.leaf)
  else if (message.type === 'asked') ask(message.id, connection)
  else if (message.type === 'run') run(message)
  else load(message).catch((error: unknown) => say({ type: 'failed', message: textOf(error) }))
})
// The server went: nobody gives tokens any more.
process.on('disconnect', () => process.exit(0))
process.on('SIGTERM', () => {
  stop.abort()
  // Who was asked still answers. One that was only loaded, and may not run, has nothing to end.
  Promise.all([running?.stopped, reviews?.close()]).then(() => process.exit(0))
})

const isOperator = (value: unknown): value is Operator =>
  typeof (value as Operator | undefined)?.definition?.reconcile === 'function'

async function load({ egress, ...loaded }: ToChild & { type: 'load' }): Promise<void> {
  allowOnly(egress)
  const exported = (await serveCode(loaded)) as Record<string, unknown>
  operators = [...new Set(Object.values(exported).flat().filter(isOperator))]
  if (operators.length === 0) throw new Error(`${loaded.module} exports no operator: export default defineOperator({ … })`)
  say({ type: 'loaded', described: { operators: operators.map(describe) } })
}

function describe(operator: Operator): Described['operators'][number] {
  const webhooks = webhooksOf(operator).map(({ validate: _, mutate: __, resource, ...said }) => ({
    ...said,
    resource: { group: resource.group, version: resource.version, resource: resource.resource, namespaced: resource.namespaced },
  }))
  const converts = conversionOf(operator)
  const { group, resource } = operator.definition.for
  const conversion = converts && { definition: `${resource}.${group}`, path: converts.path }
  return { name: operator.name, rules: rulesOf(operator, { registers: false }), webhooks, conversion }
}

function certify(leaf: KeyPair): void {
  reviews ??= createReviewServer({ answer: reviewsOf(operators), meter: createWebhookMeter() })
  reviews.use(leaf)
}

/** Somebody asks a webhook: while this process ends another one answers, who is given the same connection. */
function ask(id: number, connection: Socket | undefined): void {
  const isTaken = reviews !== undefined && connection !== undefined && !stop.signal.aborted
  say({ type: 'answering', id, isTaken })
  if (isTaken) reviews?.accept(connection)
  else connection?.destroy()
}

function run({ server, ca, namespace, watch, identity, ...first }: ToChild & { type: 'run' }): void {
  token = first.token
  const { host } = new URL(server)
  allowOnly([host])
  const client = httpsClient({ server, ca, token: () => token, userAgent: 'slipway-operator' })
  const log = createLog((level, message, fields) => {
    process.stderr.write(`${new Date().toISOString()} ${level} ${message} ${JSON.stringify(fields)}\n`)
  })
  const select = watch === undefined ? {} : { namespace: watch }
  running = runOperators(client, operators, {
    signal: stop.signal,
    log,
    namespace,
    select,
    election: { identity },
    webhooks: false,
  })
  running.started.then(() => say({ type: 'running' }))
}

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
