// `slipway chart env [NAME]`: what the environment and the flags say, under the names of Helm's variables.
import { join } from 'node:path'
import { helmPaths } from '../../helmlike/package/helm-paths.ts'
import { namespaceOf } from './flags/context-namespace.ts'
import { type Flags, type FlagTable, parseFlags } from './flags/flags.ts'
import { fromEnvironment } from './flags/global-flags.ts'

export const FLAGS: FlagTable = { flags: {}, short: {} }

export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, FLAGS)
  const known = variables(flags, process.env)
  const [name] = flags.args
  if (name !== undefined) process.stdout.write(`${Object.hasOwn(known, name) ? known[name] : ''}\n`)
  else
    process.stdout.write(
      Object.keys(known)
        .sort()
        .map((key) => `${key}="${known[key]}"\n`)
        .join(''),
    )
  return 0
}

/** Every variable of Helm's. */
export function variables(flags: Flags, env: NodeJS.ProcessEnv): { readonly [name: string]: string } {
  const { cache, config, data } = helmPaths(env)
  const said = (flag: string) => flags.get(flag) ?? fromEnvironment(flag) ?? ''
  const kubeconfig = flags.get('kubeconfig') ?? env.KUBECONFIG
  return {
    HELM_BIN: 'slipway chart',
    HELM_BURST_LIMIT: flags.get('burst-limit') ?? env.HELM_BURST_LIMIT ?? '100',
    HELM_CACHE_HOME: cache,
    HELM_CONFIG_HOME: config,
    HELM_CONTENT_CACHE: flags.get('content-cache') ?? env.HELM_CONTENT_CACHE ?? join(cache, 'content'),
    HELM_DATA_HOME: data,
    HELM_DEBUG: String(flags.has('debug') || env.HELM_DEBUG === 'true'),
    HELM_KUBEAPISERVER: said('kube-apiserver'),
    HELM_KUBEASGROUPS: flags.all('kube-as-group').join(',') || (env.HELM_KUBEASGROUPS ?? ''),
    HELM_KUBEASUSER: said('kube-as-user'),
    HELM_KUBECAFILE: said('kube-ca-file'),
    HELM_KUBECONTEXT: said('kube-context'),
    HELM_KUBEINSECURE_SKIP_TLS_VERIFY: said('kube-insecure-skip-tls-verify') || 'false',
    HELM_KUBETLS_SERVER_NAME: said('kube-tls-server-name'),
    HELM_KUBETOKEN: said('kube-token'),
    HELM_MAX_HISTORY: env.HELM_MAX_HISTORY ?? '10',
    HELM_NAMESPACE: namespaceOf(flags),
    HELM_PLUGINS: env.HELM_PLUGINS ?? join(data, 'plugins'),
    HELM_QPS: Number(flags.get('qps') ?? env.HELM_QPS ?? 0).toFixed(2),
    HELM_REGISTRY_CONFIG: said('registry-config') || join(config, 'registry', 'config.json'),
    HELM_REPOSITORY_CACHE: said('repository-cache') || join(cache, 'repository'),
    HELM_REPOSITORY_CONFIG: said('repository-config') || join(config, 'repositories.yaml'),
    ...(kubeconfig ? { KUBECONFIG: kubeconfig } : {}),
  }
}
