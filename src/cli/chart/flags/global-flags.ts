// The flags that every verb takes, as Helm's do.
import type { FlagTable } from './flags.ts'

/** The short forms of these. */
export const GLOBAL_SHORT: FlagTable['short'] = { n: 'namespace' }

export const GLOBAL_FLAGS: FlagTable['flags'] = {
  namespace: 'value',
  kubeconfig: 'value',
  'kube-context': 'value',
  'kube-apiserver': 'value',
  'kube-as-group': 'value',
  'kube-as-user': 'value',
  'kube-ca-file': 'value',
  'kube-insecure-skip-tls-verify': 'bool',
  'kube-tls-server-name': 'value',
  'kube-token': 'value',
  'registry-config': 'value',
  'repository-cache': 'value',
  'repository-config': 'value',
  'content-cache': 'value',
  debug: 'bool',
  color: 'color',
  colour: 'color',
  qps: 'float',
  'burst-limit': 'int',
}

/** Helm's environment variables that say the same as flags. */
const VARIABLES: { readonly [flag: string]: string } = {
  'registry-config': 'HELM_REGISTRY_CONFIG',
  'repository-cache': 'HELM_REPOSITORY_CACHE',
  'repository-config': 'HELM_REPOSITORY_CONFIG',
  namespace: 'HELM_NAMESPACE',
  'kube-context': 'HELM_KUBECONTEXT',
  'kube-apiserver': 'HELM_KUBEAPISERVER',
  'kube-as-user': 'HELM_KUBEASUSER',
  'kube-ca-file': 'HELM_KUBECAFILE',
  'kube-insecure-skip-tls-verify': 'HELM_KUBEINSECURE_SKIP_TLS_VERIFY',
  'kube-tls-server-name': 'HELM_KUBETLS_SERVER_NAME',
  'kube-token': 'HELM_KUBETOKEN',
  qps: 'HELM_QPS',
  'burst-limit': 'HELM_BURST_LIMIT',
}

/** What the environment says of a flag that is not given. */
export function fromEnvironment(flag: string): string | undefined {
  const variable = VARIABLES[flag]
  return (variable === undefined ? undefined : process.env[variable]) || undefined
}

/** The paths of Helm's own files are looked up in the environment: a flag that names one goes there. */
export function setPaths(argv: readonly string[]): void {
  for (const flag of ['registry-config', 'repository-cache', 'repository-config']) {
    const at = argv.findIndex((a) => a === `--${flag}` || a.startsWith(`--${flag}=`))
    if (at < 0) continue
    const value = argv[at]?.includes('=') ? argv[at].slice(flag.length + 3) : argv[at + 1]
    if (value !== undefined) process.env[VARIABLES[flag] as string] = value
  }
}
