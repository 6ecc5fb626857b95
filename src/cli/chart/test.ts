// `slipway chart test NAME`: runs the release's test hooks.
import { argument, connect, print, shown } from './release.ts'

/** `--filter name=a,!name=b`: which hooks run. Throws Error for other attributes. */
function chosen(filters: readonly string[]): ((name: string) => boolean) | undefined {
  const wanted = new Set<string>()
  const unwanted = new Set<string>()
  for (const part of filters.flatMap((f) => f.split(','))) {
    const m = /^(!?)name=(.+)$/.exec(part)
    if (!m) throw new Error(`invalid --filter ${JSON.stringify(part)}: use name=A or !name=B`)
    ;(m[1] === '' ? wanted : unwanted).add(m[2] as string)
  }
  if (wanted.size + unwanted.size === 0) return undefined
  return (name) => !unwanted.has(name) && (wanted.size === 0 || wanted.has(name))
}

export async function run(argv: string[]): Promise<number> {
  const { flags, releases, namespace } = await connect('test', argv)
  const only = chosen(flags.all('filter'))
  const r = await releases.test(argument(flags, 0, 'test NAME'), only)
  print(shown(r))
  if (!flags.has('logs')) return 0
  const pods = (r.hooks ?? []).filter((h) => h.kind === 'Pod' && h.events.includes('test') && (only?.(h.name) ?? true))
  for (const { name } of pods) print(`POD LOGS: ${name}\n${await releases.cluster.podLog(name, namespace)}`)
  return 0
}
