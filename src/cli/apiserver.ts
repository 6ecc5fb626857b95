import { writeKubeconfig } from '../api/auth/kubeconfig.ts'
import type { OpenPort } from '../apimachinery/open-port.ts'
import { type AssembledApi, assembleApi } from './assembly/api/api.ts'
import { type ApiWishes, apiFlags, apiHelp, apiWishes } from './assembly/api/api-flags.ts'
import { parseFlags } from './assembly/api/unknown-flag.ts'
import { ownAddress } from './assembly/machine/node-addresses.ts'
import { checkPort, portOf } from './assembly/machine/port.ts'
import { tuneForServing } from './assembly/machine/v8-settings.ts'
import { lowerV8Workers } from './assembly/machine/v8-workers.ts'
import { storeChoice, storeFlags, storeHelp } from './assembly/storage/store-choice.ts'

const help = `slipway apiserver: the Kubernetes API alone, without controllers, scheduler and nodes

  --data DIR                where keys, certificates and objects are kept (required)
  --port N                  default 6443
  --host ADDRESS            the address to listen on, default 0.0.0.0
  --write-kubeconfig FILE   writes the credentials of an administrator
  --service-cidr CIDR       addresses of services, default 10.43.0.0/16
${apiHelp}${storeHelp}
Examples:
  slipway apiserver --data /var/lib/slipway-api --write-kubeconfig api.kubeconfig
  slipway apiserver --data /tmp/api --store memory --host 127.0.0.1 --port 7443
`

const flags = {
  data: { type: 'string' },
  port: { type: 'string', default: '6443' },
  host: { type: 'string', default: '0.0.0.0' },
  'write-kubeconfig': { type: 'string' },
  ...apiFlags,
  ...storeFlags,
  'service-cidr': { type: 'string', default: '10.43.0.0/16' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** `slipway apiserver`: runs until SIGINT or SIGTERM. Resolves with the exit status. */
export async function run(argv: string[]): Promise<number> {
  const { values } = parseFlags({ args: argv, options: flags })
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
  const wishes = await apiWishes(values)
  const assembled = await assembleApi({
    data: values.data,
    store: storeChoice(values),
    serviceCidr: values['service-cidr'],
    ...wishes.api,
  })
  const listening = await listen(assembled, port, values.host, wishes)
  const { pki, advertise, close } = assembled
  const address = ownAddress()
  if (address) await advertise(address, listening.port)
  const server = `https://127.0.0.1:${listening.port}`
  if (values['write-kubeconfig']) {
    await writeKubeconfig(values['write-kubeconfig'], { server, caCert: pki.caCert, user: { client: pki.admin } })
  }
  tuneForServing()
  lowerV8Workers()
  process.stdout.write(`serving the Kubernetes API at ${server}\n`)
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  await listening.close()
  await close()
  return 0
}

const listen = ({ api, pki }: AssembledApi, port: number, host: string, wishes: ApiWishes): Promise<OpenPort> =>
  api.listen({ port, host, cert: pki.serving.cert, key: pki.serving.key, clientCa: pki.caCert, ...wishes.port })
