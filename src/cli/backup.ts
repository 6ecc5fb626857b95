import { stat } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { backupPath } from '../api/history/backup.ts'
import type { Client } from '../client/client.ts'
import { lines } from '../client/lines.ts'
import { connect, connectionHelp, connectionOptions } from './assembly/connection.ts'
import { DataDirectory } from './assembly/machine/data-directory.ts'
import { messageOf } from './assembly/resource-words.ts'
import { type BackupHead, filePieces, writeBackup } from './assembly/storage/backup-file.ts'

const help = `slipway backup: everything of a running Slipway in one file, as of one moment

  slipway backup FILE

The file has all objects (Secrets too, readable), the authority and keys, and the repositories of the data directory: it is made
readable by you alone. Of another cluster (--kubeconfig without --data) only the objects. \`slipway restore FILE\` brings it back.

${connectionHelp}  -o json             for programs

Examples:
  slipway backup /backups/slipway-$(date +%F).gz
`

/** `slipway backup`. */
export async function run(argv: string[]): Promise<number> {
  const options = { ...connectionOptions, output: { type: 'string', short: 'o' }, help: { type: 'boolean', short: 'h' } } as const
  const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options })
  const [file] = positionals
  if (values.help || !file) {
    ;(values.help ? process.stdout : process.stderr).write(help)
    return values.help ? 0 : 2
  }
  const client = await connect(values)
  const data = values.kubeconfig && !values.data ? undefined : new DataDirectory(values.data).path
  const counts = { revision: 0, objects: 0, files: 0 }
  await writeBackup(file, backupLines(client, data, counts))
  const { size } = await stat(file)
  if (values.output === 'json') process.stdout.write(`${JSON.stringify({ file, size, ...counts })}\n`)
  else
    process.stdout.write(
      `${file}: ${counts.objects} objects as of revision ${counts.revision}, ${counts.files} files, ${Math.ceil(size / 1024)} KiB\n`,
    )
  return 0
}

/** Keys and repositories. */
const folders = ['cluster-id', 'pki', 'git']

async function* backupLines(
  client: Client,
  data: string | undefined,
  counts: { revision: number; objects: number; files: number },
): AsyncGenerator<string> {
  yield JSON.stringify({ format: 'slipway-backup', version: 1, time: new Date().toISOString() } satisfies BackupHead)
  const answer = await client.raw({ method: 'GET', path: backupPath })
  if (answer.status !== 200) {
    const text = Buffer.concat(await Array.fromAsync(answer.body)).toString()
    throw new Error(`the server gives no backup: ${messageOf(text)}`)
  }
  let isWhole = false
  for await (const batch of lines(answer.body)) {
    for (const line of batch) {
      if (line.startsWith('{"revision":')) counts.revision = (JSON.parse(line) as { revision: number }).revision
      else if (line.startsWith('{"items":')) isWhole = true
      else counts.objects++
      yield line
    }
  }
  if (!isWhole) throw new Error('the server ended before the backup was whole')
  if (data === undefined) return
  for await (const piece of filePieces(data, folders)) {
    if (piece.at === 0) counts.files++
    yield JSON.stringify(piece)
  }
}
