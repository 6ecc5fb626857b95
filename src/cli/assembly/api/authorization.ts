import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type AuthorizerEntry,
  type AuthorizerType,
  type ConfigurationContext,
  type FileKind,
  readAuthorizationConfiguration,
} from '../../../api/auth/authorization/configuration.ts'
import { AuthorizationMetrics } from '../../../api/auth/authorization/metrics.ts'
import { type AskServer, webhookAuthorizer } from '../../../api/auth/authorization/webhook.ts'
import type { AuthorizerChoice, ChosenAuthorizer } from '../../../api/auth/authorize.ts'
import type { MetricLines } from '../../../api/health/metrics.ts'
import { ReloadMetrics } from '../../../api/health/reload-metrics.ts'
import { writeDuration } from '../../../apimachinery/duration.ts'
import { httpsClient } from '../../../client/https.ts'
import { readKubeconfig } from '../../../client/kubeconfig.ts'
import { type AuthorizationValues, entriesOfFlags } from './authorization-flags.ts'
import { ReloadedFile } from './reloaded-file.ts'

/** The chain that a file names, and what follows the file. */
export interface OpenAuthorization {
  readonly choice: AuthorizerChoice
  readonly metrics: readonly MetricLines[]
  close(): void
}

/** Throws for flags and files that are not good. */
export async function openAuthorization(values: AuthorizationValues): Promise<OpenAuthorization> {
  const entries = entriesOfFlags(values)
  const file = values['authorization-config']
  if (file) return followed(file)
  const metrics = new AuthorizationMetrics()
  return { choice: { chosen: await chosenOf(entries, metrics), metrics }, metrics: [metrics], close: () => {} }
}

/** An AuthorizationConfiguration, read again whenever it changes. */
async function followed(file: string): Promise<OpenAuthorization> {
  const content = await readFile(file, 'utf8')
  const context = { origin: `--authorization-config ${file}`, fileKind }
  const metrics = new AuthorizationMetrics()
  const entries = readAuthorizationConfiguration(content, context)
  const choice = { chosen: await chosenOf(entries, metrics), metrics }
  const mustHave = [...new Set(entries.map((e) => e.type))]
  const reloads = new ReloadMetrics('authorization', hostname(), content)
  const reloaded = new ReloadedFile({
    path: file,
    subject: 'authorization config',
    content,
    metrics: reloads,
    apply: async (text) => {
      choice.chosen = await chosenOf(laterEntries(text, { ...context, mustHave }), metrics)
    },
  })
  await reloaded.follow()
  // It may have changed since it was read.
  await reloaded.check()
  return { choice, metrics: [metrics, reloads], close: () => reloaded.close() }
}

/** Of a file that has changed: what follows objects from the start on cannot come later. */
function laterEntries(
  content: string,
  context: ConfigurationContext & { mustHave: readonly AuthorizerType[] },
): AuthorizerEntry[] {
  const entries = readAuthorizationConfiguration(content, context)
  for (const { type } of entries)
    if ((type === 'Node' || type === 'RBAC') && !context.mustHave.includes(type))
      throw new Error(`authorizer type ${type} is not allowed if it was not enabled at initial server startup`)
  return entries
}

function fileKind(path: string): FileKind {
  const found = statSync(path, { throwIfNoEntry: false })
  return found && (found.isFile() ? 'file' : 'other')
}

const chosenOf = (entries: readonly AuthorizerEntry[], metrics: AuthorizationMetrics): Promise<ChosenAuthorizer[]> =>
  Promise.all(
    entries.map(async (entry): Promise<ChosenAuthorizer> => {
      if (entry.type !== 'Webhook') return entry
      const { type, name, webhook: settings } = entry
      const webhook = webhookAuthorizer({
        name,
        settings,
        metrics,
        ask: await serverOf(settings.kubeConfigFile),
        now: () => performance.now(),
        random: Math.random,
        pause,
      })
      return { type, name, webhook }
    }),
  )

/** The server of a kubeconfig's current context; reviews go to exactly its URL. */
export async function serverOf(kubeConfigFile: string): Promise<AskServer> {
  const { options } = await readKubeconfig(kubeConfigFile)
  const { protocol, pathname, host } = new URL(options.server)
  if (protocol !== 'https:') throw new Error(`${kubeConfigFile}: the server ${options.server} must have an https URL`)
  const client = httpsClient({ ...options, userAgent: 'kube-apiserver' })
  return async (review, timeoutMs) => {
    const query = `timeout=${writeDuration(timeoutMs * 1e6)}`
    const path = `${pathname.endsWith('/') ? '/' : ''}?${query}`
    try {
      const answer = await client.raw({
        method: 'POST',
        path,
        body: review,
        headers: { accept: 'application/json, */*' },
        signal: AbortSignal.timeout(timeoutMs),
      })
      const { status, headers, body } = answer
      const isText = (headers['content-type'] ?? 'text/').startsWith('text/')
      return { status, text: await textOf(body), isText, retryAfter: headers['retry-after'] !== undefined }
    } catch (error) {
      throw new Error(`Post ${JSON.stringify(`https://${host}${pathname}?${query}`)}: ${goText(error as NodeJS.ErrnoException)}`)
    }
  }
}

const mostBytes = 3 * 1024 * 1024

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > mostBytes) throw new Error('http: response body too large')
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}

/** Go's words for what went wrong on the way. */
function goText(error: NodeJS.ErrnoException & { readonly address?: string; readonly port?: number }): string {
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'context deadline exceeded'
  if (error.code === 'ECONNREFUSED') return `dial tcp ${error.address}:${error.port}: connect: connection refused`
  if (error.code === 'ECONNRESET') return 'read: connection reset by peer'
  return error.message
}
