import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { aborted } from '../../apimachinery/aborted.ts'
import type { Client } from '../../client/client.ts'
import type { Log } from '../../operators/log.ts'
import type { Operator } from '../../operators/operator.ts'
import { type Replaceable, replaceable } from '../../operators/replaceable.ts'
import { type RunningOperators, runOperators } from '../../operators/run-operators.ts'
import { unregisterWebhooks } from '../../operators/webhooks/register.ts'
import { operatorsOf } from '../assembly/user-operators.ts'
import { webhooksFor } from '../assembly/webhook-address.ts'
import { projectOf } from '../operator/packaging/image-context.ts'
import { modulesOf } from '../operator/packaging/module-graph.ts'
import { installCrds } from '../operator/run.ts'
import { loadFresh } from './fresh-module.ts'
import { Saves, watchFiles } from './saves.ts'

interface ReloadOptions {
  readonly client: Client
  /** The API's address: webhooks are served if it is on this machine. */
  readonly server: string
  readonly file: string
  readonly namespace: string
  readonly signal: AbortSignal
  readonly log: Log
  /** A line for the developer. */
  readonly say: (line: string) => void
}

interface Part {
  readonly operator: Operator
  /** Whether the API server asks its webhooks here. */
  readonly isAsked: boolean
  readonly replaceable: Replaceable
  readonly running: RunningOperators
  readonly stop: AbortController
}

/** Runs the operators of a file until `signal` aborts, and what it says anew whenever it, or a file that it imports, is saved. */
export async function developOperators(
  options: ReloadOptions,
): Promise<{ readonly saves: Saves; readonly stopped: Promise<void> }> {
  const { signal, say } = options
  const parts = new Map<string, Part>()
  const saves = new Saves(async () => {
    if (signal.aborted) return
    try {
      await reload(options, parts)
      watcher.add(filesOf(options.file))
    } catch (error) {
      say(`${placeOf(error, options.file)}\nwhat ran before goes on`)
    }
  })
  const watcher = await watchFiles(filesOf(options.file), () => saves.note())
  saves.note()
  await saves.settled()
  const stopped = aborted(signal).then(async () => {
    await watcher.close()
    await saves.settled()
    await Promise.all([...parts.values()].map((part) => part.running.stopped))
    // Nobody answers at our address any more: who writes must not wait for us.
    await forget(options, parts.values(), [])
  })
  return { saves, stopped }
}

async function reload(options: ReloadOptions, parts: Map<string, Part>): Promise<void> {
  const { file, say, client, signal } = options
  const path = realpathSync(file)
  const operators = operatorsOf(await loadFresh(path, projectOf(path)))
  if (operators.length === 0) throw new Error(`${file} exports no operator: export default defineOperator({ … })`)
  await installCrds(client, operators, signal)
  for (const operator of operators) say(await take(options, parts, operator))
  const names = new Set(operators.map((o) => o.name))
  for (const [name, part] of parts) {
    if (names.has(name)) continue
    parts.delete(name)
    part.stop.abort()
    await part.running.stopped
    await forget(options, [part], [])
    say(`${name} is no longer there: stopped`)
  }
}

/** Exchanges the functions of what runs; starts it (anew) when there is more to change than that. Answers what was done. */
async function take(options: ReloadOptions, parts: Map<string, Part>, operator: Operator): Promise<string> {
  const { client, namespace, log, server, say } = options
  const before = parts.get(operator.name)
  if (before?.replaceable.replace(operator)) {
    before.running.resync()
    return `${operator.name} reloaded`
  }
  before?.stop.abort()
  await before?.running.stopped
  if (before) await forget(options, [before], [operator])
  const stop = new AbortController()
  const made = replaceable(operator)
  const signal = AbortSignal.any([stop.signal, options.signal])
  const webhooks = webhooksFor(server, undefined, [operator], say)
  const running = runOperators(client, [made.operator], { signal, namespace, log, webhooks })
  parts.set(operator.name, { operator, isAsked: webhooks !== false, replaceable: made, running, stop })
  if (before) return `${operator.name} follows other kinds now: started anew`
  return `${operator.name} runs`
}

/** Has the API server ask the webhooks of `parts` no more, but for those that `kept` has too. */
async function forget({ client, say }: ReloadOptions, parts: Iterable<Part>, kept: readonly Operator[]): Promise<void> {
  try {
    await unregisterWebhooks(
      client,
      [...parts].filter((part) => part.isAsked).map((part) => part.operator),
      kept,
    )
  } catch (error) {
    say(`webhooks are still registered: ${(error as Error).message}`)
  }
}

/** The file and those of the project that it imports; of a file that cannot be read, itself. */
function filesOf(file: string): string[] {
  try {
    return [...modulesOf([file], { own: (specifier) => (specifier.startsWith('slipway/') ? file : undefined) }).files]
  } catch {
    return [file]
  }
}

/** `file:line: what is wrong`, as far as the error tells where. */
function placeOf(error: unknown, file: string): string {
  if (!(error instanceof Error)) return `${file}: ${error}`
  const lines = (error.stack ?? '').split('\n')
  const [, url = '', line = ''] =
    /(file:\/\/[^\s)]+?)(?:\?[^\s:)]*)?:(\d+)/.exec(lines.find((l) => l.includes('file://')) ?? '') ?? []
  const path = url.startsWith('file://') ? fileURLToPath(url) : file
  return `${path}${line ? `:${line}` : ''}: ${error.message}`
}
