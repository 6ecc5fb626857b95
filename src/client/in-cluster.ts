import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HttpsOptions } from './https.ts'
import { type KubeconfigContext, tokenOf } from './kubeconfig.ts'

const folder = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Whether this process runs in a pod. */
export const isInCluster = (env: NodeJS.ProcessEnv = process.env): boolean => Boolean(env.KUBERNETES_SERVICE_HOST)

/** How a pod reaches its cluster's API, as its service account. Throws Error when this is no pod. */
export async function inClusterContext(env: NodeJS.ProcessEnv = process.env, mounted = folder): Promise<KubeconfigContext> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env
  if (!host) throw new Error('this is no pod: KUBERNETES_SERVICE_HOST is not set')
  const read = (name: string) => readFile(join(mounted, name), 'utf8')
  const options: HttpsOptions = {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca: await read('ca.crt'),
    token: tokenOf(() => read('token')),
  }
  return { options, namespace: (await read('namespace')).trim() }
}
