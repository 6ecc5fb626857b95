import { type Clock, sleep } from '../../apimachinery/clock.ts'
import type { Client } from '../../client/client.ts'
import type { Log } from '../log.ts'
import type { Operator } from '../operator.ts'
import { type AnswerReview, reviewsOf } from './answer.ts'
import { serverNames, type WebhookAddress } from './configurations.ts'
import { registerWebhooks } from './register.ts'
import { conversionOf, webhooksOf } from './served-webhooks.ts'
import type { WebhookMeter } from './webhook-metrics.ts'

/** How webhooks are served: over HTTPS, under an address that the API server reaches; or, in its own process, by a call. */
export type WebhookSettings =
  | {
      /** Default 9443; 0: one that is free. */
      readonly port?: number
      /** Default: all addresses. */
      readonly host?: string
      /** Default: the Service `<first operator>-webhooks` of the operator's namespace. `{ url }` may leave out the port. */
      readonly address?: WebhookAddress
    }
  | { readonly local: LocalWebhooks }

/** An API server in this process that asks without a connection. */
interface LocalWebhooks {
  /** Whose URLs lead to `answer` until `signal` aborts. */
  serve(answer: AnswerReview, signal: AbortSignal): { readonly url: string }
}

interface StartWebhooksOptions {
  readonly client: Client
  readonly operators: readonly Operator[]
  readonly namespace: string
  readonly settings: WebhookSettings
  readonly meter: WebhookMeter
  readonly clock: Clock
  readonly random: () => number
  readonly signal: AbortSignal
  readonly log: Log
}

interface RunningWebhooks {
  /** Resolves when the API server asks them. */
  readonly started: Promise<void>
  readonly stopped: Promise<void>
}

const checkEveryMs = 3_600_000
const retryMs = 5000

/** Serves and registers the webhooks of those operators that have some; undefined when none has. */
export function startWebhooks(options: StartWebhooksOptions): RunningWebhooks | undefined {
  const operators = options.operators.filter((o) => webhooksOf(o).length > 0 || conversionOf(o))
  if (operators.length === 0) return undefined
  const ready = Promise.withResolvers<void>()
  const run = 'local' in options.settings ? runLocal : runServer
  const stopped = run({ ...options, operators }, ready.resolve)
  return { started: Promise.race([ready.promise, stopped]), stopped }
}

async function runLocal(options: StartWebhooksOptions, ready: () => void): Promise<void> {
  const { settings, signal, operators, clock, log } = options
  if (!('local' in settings)) return
  const address = settings.local.serve(reviewsOf(operators), signal)
  const registration = registerWebhooks({ ...options, address })
  await untilDone(() => registration.renew(''), { clock, log, signal })
  ready()
}

async function runServer(options: StartWebhooksOptions, ready: () => void): Promise<void> {
  const { client, operators, namespace, settings, meter, clock, signal, log } = options
  if ('local' in settings) return
  // Loaded only by those who serve.
  const [{ serveWebhooks }, { keepMaterial }, { bundleOf }] = await Promise.all([
    import('./webhook-server.ts'),
    import('./material-secret.ts'),
    import('./certificates.ts'),
  ])
  const { port = 9443, host } = settings
  const server = await serveWebhooks({ port, ...(host ? { host } : {}), answer: reviewsOf(operators), meter })
  const name = `${operators[0]?.name}-webhooks`
  const address = withPort(settings.address ?? { service: { name, namespace } }, server.port)
  const registration = registerWebhooks({ ...options, address })
  const names = serverNames(address)
  while (!signal.aborted) {
    await untilDone(
      async () => {
        const material = await keepMaterial({ client, namespace, name: `${name}-tls`, names, now: clock.now })
        server.use(material.leaf)
        await registration.renew(bundleOf(material))
      },
      { clock, log, signal },
    )
    ready()
    await sleep(clock, checkEveryMs, signal)
  }
  await server.close()
}

/** A URL without a port means the one that is listened on. */
function withPort(address: WebhookAddress, port: number): WebhookAddress {
  if (!('url' in address)) return address
  const url = new URL(address.url)
  if (url.port === '') url.port = String(port)
  return { url: url.href }
}

async function untilDone(
  attempt: () => Promise<void>,
  { clock, log, signal }: Pick<StartWebhooksOptions, 'clock' | 'log' | 'signal'>,
) {
  while (!signal.aborted) {
    try {
      return await attempt()
    } catch (error) {
      if (!signal.aborted) log.error('webhooks are not served yet', error)
      await sleep(clock, retryMs, signal)
    }
  }
}
