// What the release verbs share: the cluster, the namespace and how a release is shown.
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type HttpsOptions, httpsClient } from '../../client/https.ts'
import { type KubeconfigContext, readKubeconfig } from '../../client/kubeconfig.ts'
import { Releases } from '../../helmlike/release/operations.ts'
import type { ReleaseRecord } from '../../helmlike/release/record.ts'
import { RFC3339_NANO, shownTime } from '../../helmlike/release/record-time.ts'
import { hostOf } from './flags/dns.ts'
import { type Flags, parseFlags } from './flags/flags.ts'
import { fromEnvironment } from './flags/global-flags.ts'
import { postRendererOf } from './flags/post-render.ts'
import { rateLimitOf } from './flags/rate-limit.ts'
import { dryRunOf, operationOptions, RELEASE_FLAGS } from './flags/release-flags.ts'
import { valueSources } from './flags/values.ts'

interface Connection {
  readonly flags: Flags
  readonly releases: Releases
  readonly namespace: string
}

/** Reads a verb's flags. */
const releaseFlags = (verb: keyof typeof RELEASE_FLAGS, argv: readonly string[]): Flags => parseFlags(argv, RELEASE_FLAGS[verb])

/** Reads a verb's flags and connects. */
export async function connect(verb: keyof typeof RELEASE_FLAGS, argv: readonly string[]): Promise<Connection> {
  const flags = releaseFlags(verb, argv)
  const isOffline = verb === 'install' && dryRunOf(flags) === 'client'
  return connection(flags, isOffline ? await offline(flags) : await contextOf(flags))
}

/** Connects as flags say that were read already. */
export const connectBy = async (flags: Flags): Promise<Connection> => connection(flags, await contextOf(flags))

async function connection(flags: Flags, context: KubeconfigContext): Promise<Connection> {
  const namespace = flags.get('namespace') ?? fromEnvironment('namespace') ?? context.namespace
  const rateLimit = rateLimitOf(flags)
  const options = { ...context.options, userAgent: 'slipway', ...(rateLimit ? { rateLimit } : {}) }
  const releases = new Releases(httpsClient(options), {
    namespace,
    ...operationOptions(flags),
    ...(await postRendererOf(flags)),
    ...(await hostOf(flags)),
    valueSources: () => valueSources(flags),
    loadSchema: async (url) => (await import('./load-schema.ts')).loadSchema(url),
    warn: (message) => void process.stderr.write(`${message}\n`),
  })
  return { flags, releases, namespace }
}

/** The cluster of the kubeconfig, with what the --kube-… flags say instead. */
async function contextOf(flags: Flags): Promise<KubeconfigContext> {
  const said = (name: string) => flags.get(name) ?? fromEnvironment(name)
  const path = kubeconfigPath(flags)
  const server = said('kube-apiserver')
  const file = server !== undefined && flags.get('kubeconfig') === undefined ? await maybe(path, said('kube-context')) : undefined
  const context = file ?? (server === undefined ? await readKubeconfig(path, said('kube-context')) : undefined)
  const [ca, token, serverName, user] = [
    said('kube-ca-file'),
    said('kube-token'),
    said('kube-tls-server-name'),
    said('kube-as-user'),
  ]
  const given = flags.all('kube-as-group')
  const groups = given.length > 0 ? given : (process.env.HELM_KUBEASGROUPS ?? '').split(',').filter((g) => g !== '')
  if (groups.length > 0 && user === undefined)
    throw new Error('--kube-as-group needs --kube-as-user: a group is impersonated for a user')
  const options: HttpsOptions = {
    ...(context?.options ?? { server: server as string }),
    ...(server === undefined ? {} : { server }),
    ...(ca === undefined ? {} : { ca: await readFile(ca, 'utf8') }),
    ...(token === undefined ? {} : { token }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(said('kube-insecure-skip-tls-verify') === 'true' ? { insecure: true } : {}),
    ...(user === undefined ? {} : { impersonate: { user, groups } }),
  }
  return { options, namespace: context?.namespace ?? 'default' }
}

/** What a dry run on the client's side needs: the namespace of the kubeconfig, where there is one. */
async function offline(flags: Flags): Promise<KubeconfigContext> {
  const context = await maybe(kubeconfigPath(flags), flags.get('kube-context'))
  return context ?? { options: { server: 'https://dry-run.invalid' }, namespace: 'default' }
}

const kubeconfigPath = (flags: Flags) => flags.get('kubeconfig') ?? process.env.KUBECONFIG ?? join(homedir(), '.kube', 'config')

/** The context, where there is a kubeconfig: --kube-apiserver does without. */
async function maybe(path: string, context: string | undefined): Promise<KubeconfigContext | undefined> {
  try {
    return await readKubeconfig(path, context)
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw e
  }
}

/** An error of what is done says so in Helm's words. */
export async function failingAs<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (e) {
    if (e instanceof Error) e.message = `${what}: ${e.message}`
    throw e
  }
}

/** A release as Helm prints it for programs: its record, without what is empty. */
export function releaseData({ labels: _secret, ...r }: ReleaseRecord): {
  chart?: object
  info?: object
  [field: string]: unknown
} {
  const isEmpty = (v: unknown) =>
    v === undefined || v === '' || v === 0 || (typeof v === 'object' && v !== null && Object.keys(v).length === 0)
  const { name, chart, config, manifest, hooks, version, namespace, apply_method } = r
  const times = { first_deployed: r.info.first_deployed, last_deployed: r.info.last_deployed, deleted: r.info.deleted }
  const shown = Object.entries(times).flatMap(([field, text]) => (text ? [[field, shownTime(text, RFC3339_NANO)]] : []))
  const info = { ...r.info, ...Object.fromEntries(shown) }
  const fields = { name, info, chart, config, manifest, hooks, version, namespace, apply_method }
  return Object.fromEntries(Object.entries(fields).filter(([, v]) => !isEmpty(v)))
}

export const print = (text: string): void => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
