import { existsSync } from 'node:fs'
import type { Client } from '../../client/client.ts'
import { fromKubeconfig } from '../../client/https.ts'
import { DataDirectory } from './data-directory.ts'

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

/** A client of the cluster that the flags mean: the kubeconfig given, else this machine's Slipway, else $KUBECONFIG. */
export async function connect(values: {
  data?: string | undefined
  kubeconfig?: string | undefined
  context?: string | undefined
}): Promise<Client> {
  const own = new DataDirectory(values.data).kubeconfig
  const path = values.kubeconfig ?? (existsSync(own) ? own : process.env.KUBECONFIG)
  if (!path) throw new Error(`no cluster: ${own} is not there and $KUBECONFIG is not set; start one with \`slipway up\``)
  return fromKubeconfig(path, values.context)
}
