import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import type { HttpsOptions } from './https.ts'

type Entries<K extends string, T> = readonly ({ name: string } & Record<K, T>)[]

interface Cluster {
  server?: string
  'certificate-authority'?: string
  'certificate-authority-data'?: string
  'insecure-skip-tls-verify'?: boolean
  'tls-server-name'?: string
}
interface User {
  'client-certificate'?: string
  'client-certificate-data'?: string
  'client-key'?: string
  'client-key-data'?: string
  token?: string
  tokenFile?: string
  exec?: { command: string; args?: string[]; env?: { name: string; value: string }[] }
}
interface Config {
  'current-context'?: string
  contexts?: Entries<'context', { cluster: string; user: string; namespace?: string }>
  clusters?: Entries<'cluster', Cluster>
  users?: Entries<'user', User>
}

export interface KubeconfigContext {
  readonly options: HttpsOptions
  /** Of the context; `default` when it names none. */
  readonly namespace: string
}

/** How to reach a context (default: the current one) of the kubeconfig file at `path`. Throws Error saying what is missing where. */
export async function readKubeconfig(path: string, context?: string): Promise<KubeconfigContext> {
  const config = (parse(await readFile(path, 'utf8')) ?? {}) as Config
  const name = context ?? config['current-context']
  if (!name) throw new Error(`${path}: names no current-context; choose one of: ${names(config.contexts)}`)
  const chosen = config.contexts?.find((c) => c.name === name)?.context
  if (!chosen) throw new Error(`${path}: has no context ${name}; there are: ${names(config.contexts)}`)
  const cluster = config.clusters?.find((c) => c.name === chosen.cluster)?.cluster
  if (!cluster?.server)
    throw new Error(`${path}: context ${name} names the cluster ${chosen.cluster}, which is not there or has no server`)
  const user = config.users?.find((u) => u.name === chosen.user)?.user ?? {}
  const at = (file: string): Promise<string> => readFile(resolve(dirname(path), file), 'utf8')
  const ca = await pem(cluster['certificate-authority-data'], cluster['certificate-authority'], at)
  const options: HttpsOptions = {
    server: cluster.server,
    ...(ca ? { ca } : {}),
    ...(cluster['insecure-skip-tls-verify'] ? { insecure: true } : {}),
    ...(cluster['tls-server-name'] ? { serverName: cluster['tls-server-name'] } : {}),
    ...(await credentials(user, at)),
  }
  return { options, namespace: chosen.namespace ?? 'default' }
}

const names = (entries: readonly { name: string }[] | undefined): string =>
  (entries ?? []).map((e) => e.name).join(', ') || 'none'

async function pem(
  data: string | undefined,
  file: string | undefined,
  read: (file: string) => Promise<string>,
): Promise<string | undefined> {
  if (data) return Buffer.from(data, 'base64').toString('utf8')
  return file ? read(file) : undefined
}

type Credentials = Pick<HttpsOptions, 'cert' | 'key' | 'token'>

async function credentials(user: User, read: (file: string) => Promise<string>): Promise<Credentials> {
  if (user.exec) return fromCommand(user.exec)
  const cert = await pem(user['client-certificate-data'], user['client-certificate'], read)
  const key = await pem(user['client-key-data'], user['client-key'], read)
  const { tokenFile } = user
  const token = user.token ?? (tokenFile ? tokenOf(() => read(tokenFile)) : undefined)
  return { ...(cert ? { cert } : {}), ...(key ? { key } : {}), ...(token ? { token } : {}) }
}

const tokenAgeMs = 60_000

/** A token that is read again once a minute, as client-go does: whoever keeps the file renews it. */
export function tokenOf(read: () => Promise<string>): () => Promise<string> {
  let known: { readonly text: Promise<string>; readonly at: number } | undefined
  return async () => {
    if (known === undefined || performance.now() - known.at > tokenAgeMs) {
      const text = read().then((t) => t.trim())
      known = { text, at: performance.now() }
      text.catch(() => {
        known = undefined
      })
    }
    return known.text
  }
}

/** client.authentication.k8s.io: a command prints the credentials. */
async function fromCommand({ command, args = [], env = [] }: NonNullable<User['exec']>): Promise<Credentials> {
  const info = JSON.stringify({
    kind: 'ExecCredential',
    apiVersion: 'client.authentication.k8s.io/v1',
    spec: { interactive: false },
  })
  const more = Object.fromEntries(env.map((e) => [e.name, e.value]))
  const { stdout } = await promisify(execFile)(command, args, {
    env: { ...process.env, KUBERNETES_EXEC_INFO: info, ...more },
    timeout: 60_000,
  })
  const { status } = JSON.parse(stdout) as {
    status?: { token?: string; clientCertificateData?: string; clientKeyData?: string }
  }
  if (!status) throw new Error(`${command} printed no credentials`)
  return {
    ...(status.token ? { token: status.token } : {}),
    ...(status.clientCertificateData ? { cert: status.clientCertificateData } : {}),
    ...(status.clientKeyData ? { key: status.clientKeyData } : {}),
  }
}
