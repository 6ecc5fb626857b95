import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { StaticToken } from '../api/auth/bearer-tokens.ts'
import { writeKubeconfig } from '../api/auth/kubeconfig.ts'
import { defaultIssuer } from '../api/auth/service-account-tokens.ts'
import { readTokenFile } from '../api/auth/token-file.ts'
import { assembleApi } from './assembly/api.ts'
import { auditFlags, auditHelp, openAudit } from './assembly/audit.ts'
import { authenticationFlags, authenticationHelp, authenticationOf, frontProxyOf } from './assembly/authentication.ts'
import { durationMs } from './assembly/duration.ts'
import { ownAddress } from './assembly/node-addresses.ts'
import { checkPort, portOf } from './assembly/port.ts'
import { storeChoice, storeFlags, storeHelp } from './assembly/store-choice.ts'

const help = `slipway apiserver: the Kubernetes API alone, without controllers, scheduler and nodes

  --data DIR                where keys, certificates and objects are kept (required)
  --port N                  default 6443
  --host ADDRESS            the address to listen on, default 0.0.0.0
  --write-kubeconfig FILE   writes the credentials of an administrator
  --service-cidr CIDR       addresses of services, default 10.43.0.0/16
  --token-auth-file FILE    CSV of bearer tokens: token,user,uid,"group1,group2"
  --encryption-provider-config FILE   EncryptionConfiguration: what is encrypted where it is kept, and by which keys. Default:
                            Secrets, by a key made at the first start (DIR/pki/encryption.yaml). A new first key writes from the
                            start on, and writes again what older ones wrote
  --event-ttl 1h            how long Events are kept after they were last written
${authenticationHelp}${auditHelp}${storeHelp}`

/** `slipway apiserver`: runs until SIGINT or SIGTERM. Resolves with the exit status. */
export async function run(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      data: { type: 'string' },
      port: { type: 'string', default: '6443' },
      host: { type: 'string', default: '0.0.0.0' },
      'write-kubeconfig': { type: 'string' },
      'encryption-provider-config': { type: 'string' },
      'event-ttl': { type: 'string', default: '1h' },
      ...authenticationFlags,
      ...auditFlags,
      ...storeFlags,
      'service-cidr': { type: 'string', default: '10.43.0.0/16' },
      'token-auth-file': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  if (!values.data) {
    process.stderr.write(`--data is required\n\n${help}`)
    return 2
  }
  const port = portOf(values.port)
  await checkPort(port, values.host)
  const tokenFile = values['token-auth-file']
  const frontProxy = await frontProxyOf(values)
  const { api, pki, advertise, close } = await assembleApi({
    data: values.data,
    store: storeChoice(values),
    serviceCidr: values['service-cidr'],
    ...(values['encryption-provider-config'] ? { encryptionConfig: values['encryption-provider-config'] } : {}),
    audit: await openAudit(values),
    eventTtlMs: durationMs('event-ttl', values['event-ttl']),
    authentication: await authenticationOf(values, [defaultIssuer]),
    staticTokens: tokenFile ? await tokensOf(tokenFile) : [],
  })
  const listening = await api.listen({
    port,
    host: values.host,
    cert: pki.serving.cert,
    key: pki.serving.key,
    clientCa: pki.caCert,
    ...(frontProxy ? { frontProxy } : {}),
  })
  const address = ownAddress()
  if (address) await advertise(address, listening.port)
  const server = `https://127.0.0.1:${listening.port}`
  if (values['write-kubeconfig']) {
    await writeKubeconfig(values['write-kubeconfig'], { server, caCert: pki.caCert, user: { client: pki.admin } })
  }
  process.stdout.write(`serving the Kubernetes API at ${server}\n`)
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  await listening.close()
  await close()
  return 0
}

async function tokensOf(file: string): Promise<StaticToken[]> {
  const text = await readFile(file, 'utf8')
  try {
    return readTokenFile(text)
  } catch (error) {
    throw new Error(`--token-auth-file ${file}: ${(error as Error).message}`)
  }
}
