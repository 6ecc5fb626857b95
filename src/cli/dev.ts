import { statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Client } from '../client/client.ts'
import { stderrLog } from '../operators/log.ts'
import { connectionHelp, connectionOptions, connectTo } from './assembly/connection.ts'
import { stopSignal } from './assembly/machine/stop-signal.ts'
import { developFolder, removeAll } from './dev/folder-sync.ts'
import { applicationInventory, type Inventory, ownInventory } from './dev/inventory.ts'
import { developOperators } from './dev/operator-reload.ts'

const help = `slipway dev: what is saved is what runs, before it is committed

  slipway dev FILE.ts …   runs operators of these modules; loads them again when they, or what they import, are saved.
                          Queue, caches and lease stay unless the operator follows other kinds than before
  slipway dev FOLDER      applies the folder's manifests or chart; again whenever a file is saved, and deletes what is gone

  --app NAME          the folder stands in for this Application's commit, which does not sync meanwhile
  -n, --namespace NS  for manifests that name none, and of the operators' lease; default: default
  --rm                at the end, deletes what the folder put into the cluster
  -v, --verbose       log more
${connectionHelp}
Examples:
  slipway dev operator.ts deploy/
  slipway dev . --app demo
`

interface Wishes {
  readonly namespace: string
  readonly app: string | undefined
  readonly rm: boolean
  readonly verbose: boolean
}

/** `slipway dev`: runs until Ctrl-C. */
export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      ...connectionOptions,
      app: { type: 'string' },
      namespace: { type: 'string', short: 'n' },
      rm: { type: 'boolean', default: false },
      verbose: { type: 'boolean', short: 'v', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help || positionals.length === 0) {
    process.stdout.write(help)
    return values.help ? 0 : 2
  }
  const folders = positionals.filter((path) => statSync(path).isDirectory())
  if (values.app && folders.length !== 1) throw new Error('--app needs one folder')
  if (values.app && values.rm) throw new Error('--rm would delete what the Application has: leave one of --app and --rm out')
  const { client, server } = await connectTo(values)
  const signal = stopSignal()
  const wishes = { namespace: values.namespace ?? 'default', app: values.app, rm: values.rm, verbose: values.verbose }
  // The manifests first: they may have what an operator is for.
  const ends: (() => Promise<void>)[] = []
  for (const folder of folders) ends.push(await withFolder(client, folder, wishes, signal))
  for (const file of positionals.filter((p) => !folders.includes(p)))
    ends.push(await withOperators({ client, server }, file, wishes, signal))
  await Promise.all(ends.map((end) => end()))
  return 0
}

const say = (what: string) => (line: string) =>
  process.stdout.write(`${new Date().toTimeString().slice(0, 8)} ${what}: ${line}\n`)

async function withFolder(client: Client, folder: string, wishes: Wishes, signal: AbortSignal): Promise<() => Promise<void>> {
  const name = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
  const inventory: Inventory = wishes.app
    ? await applicationInventory(client, wishes.app)
    : await ownInventory(client, name, wishes.namespace)
  const { saves, stopped } = await developFolder({ client, folder, inventory, signal, say: say(folder) })
  await saves.settled()
  return async () => {
    await stopped
    if (wishes.rm) say(folder)(`${await removeAll({ client, inventory, signal: AbortSignal.timeout(60_000) })} objects deleted`)
    if (wishes.app) say(folder)(`Application ${wishes.app} syncs its commit again`)
  }
}

async function withOperators(
  cluster: { client: Client; server: string },
  file: string,
  { namespace, verbose }: Wishes,
  signal: AbortSignal,
) {
  const log = stderrLog(verbose ? 'info' : 'warn')
  const { stopped } = await developOperators({ ...cluster, file, namespace, signal, log, say: say(file) })
  return () => stopped
}
