import { existsSync } from 'node:fs'
import type { Client } from '../../client/client.ts'
import { httpsClient } from '../../client/https.ts'
import { readKubeconfig } from '../../client/kubeconfig.ts'
import { DataDirectory } from './machine/data-directory.ts'

/** The flags by which every verb that talks to a cluster finds it. */
export const connectionOptions = {
  data: { type: 'string' },
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
} as const

export const connectionHelp = `  --data DIR          the data directory; default $SLIPWAY_DATA or ~/.slipway
  --kubeconfig FILE   another cluster; default $KUBECONFIG when there is no data directory
  --context NAME      a context of that file
`

interface ConnectionValues {
  data?: string | undefined
  kubeconfig?: string | undefined
  context?: string | undefined
}

/** A client of the cluster that the flags mean: the kubeconfig given, else this machine's Slipway, else $KUBECONFIG. */
export async function connect(values: ConnectionValues): Promise<Client> {
  return (await connectTo(values)).client
}

/** The same, with the address of the API. */
export async function connectTo(values: ConnectionValues): Promise<{ readonly client: Client; readonly server: string }> {
  const own = new DataDirectory(values.data).kubeconfig
  const path = values.kubeconfig ?? (existsSync(own) ? own : process.env.KUBECONFIG)
  if (!path) throw new Error(`no cluster: ${own} is not there and $KUBECONFIG is not set; start one with \`slipway up\``)
  const { options } = await readKubeconfig(path, values.context)
  return { client: httpsClient(options), server: options.server }
}
