import { parseArgs } from 'node:util'
import { nearest } from '../../../helmlike/render/nearest.ts'

/** What stands for flags of kube-apiserver that are not flags here. */
const instead: Readonly<Record<string, string>> = {
  'secure-port': 'use --port',
  'bind-address': 'use --host',
  'service-cluster-ip-range': 'use --service-cidr',
  'cert-dir': 'keys and certificates are in the folder pki of --data',
  'client-ca-file': 'the authority of clients is pki/ca.crt in --data',
  'tls-cert-file': 'the certificate is pki/server.crt in --data',
  'tls-private-key-file': 'the key is pki/server.key in --data',
  'enable-bootstrap-token-auth': 'bootstrap tokens are always believed',
  'allow-privileged': 'privileged containers are always allowed',
  'storage-backend': 'use --store',
  'service-account-lookup': 'service account tokens are always looked up',
}

/** Node's parseArgs, which names an unknown flag; what to do about it is told as well. Throws as that does. */
export function parseFlags<T extends NonNullable<Parameters<typeof parseArgs>[0]>>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') throw error
    const name = /'--?([^']+)'/.exec((error as Error).message)?.[1]
    if (name !== undefined)
      (error as Error).message = `unknown flag: --${name}: ${adviceFor(name, Object.keys(config.options ?? {}))}`
    throw error
  }
}

/** Pure. */
function adviceFor(name: string, known: readonly string[]): string {
  const other = Object.hasOwn(instead, name) ? instead[name] : undefined
  if (other !== undefined) return other
  const near = nearest(name, known)
  return near === undefined ? '--help lists what there is' : `did you mean --${near}? --help lists what there is`
}
