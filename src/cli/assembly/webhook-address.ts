import type { Operator } from '../../operators/operator.ts'
import type { WebhookSettings } from '../../operators/webhooks/start.ts'

const loopback = /^(127\.\d+\.\d+\.\d+|localhost|::1)$/

/**
 * How a process outside of the cluster serves webhooks: under the address that it was told, or on the loopback device for an API server of this
 * machine. False, with a warning, where the API server would not find them: then it does without.
 */
export function webhooksFor(
  server: string,
  url: string | undefined,
  operators: readonly Operator[],
  warn: (text: string) => void,
) {
  const host = new URL(server).hostname.replace(/^\[|\]$/g, '')
  if (url !== undefined) {
    const port = new URL(url).port
    return { port: port === '' ? 443 : Number(port), address: { url } } satisfies WebhookSettings
  }
  if (loopback.test(host)) return { host: '127.0.0.1', port: 0, address: { url: 'https://127.0.0.1' } } satisfies WebhookSettings
  const asked = operators.filter(({ definition: d }) => d.validate ?? d.mutate ?? d.convert ?? d.webhooks?.length)
  if (asked.length > 0)
    warn(
      `the webhooks of ${asked.map((o) => o.name).join(', ')} are not served: ${host} would not find this machine; give it --webhook-url`,
    )
  return false as const
}
