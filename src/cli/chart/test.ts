// `slipway chart test NAME`: runs the release's test hooks.
import type { ReleaseRecord } from '../../helmlike/release/record.ts'
import { FlagError, onlyArgument } from './flags/flags.ts'
import { colors } from './output/colors.ts'
import { releaseText } from './output/release-text.ts'
import { connect, print } from './release.ts'

/** `--filter name=a,!name=b`: which hooks run. Throws FlagError for other attributes. */
function chosen(filters: readonly string[]): ((name: string) => boolean) | undefined {
  const wanted = new Set<string>()
  const unwanted = new Set<string>()
  for (const part of filters.flatMap((f) => f.split(','))) {
    const m = /^(!?)\s?name=(.+)$/.exec(part)
    if (!m) throw new FlagError(`invalid --filter ${JSON.stringify(part)}`, 'use name=A or !name=B')
    ;(m[1] === '' ? wanted : unwanted).add(m[2] as string)
  }
  if (wanted.size + unwanted.size === 0) return undefined
  return (name) => !unwanted.has(name) && (wanted.size === 0 || wanted.has(name))
}

export async function run(argv: string[]): Promise<number> {
  const { flags, releases, namespace } = await connect('test', argv)
  const only = chosen(flags.all('filter'))
  const look = async (r: ReleaseRecord) => {
    print(releaseText(r, colors(flags), { hideNotes: true }))
    if (!flags.has('logs')) return
    const pods = (r.hooks ?? []).filter((h) => h.kind === 'Pod' && h.events.includes('test') && (only?.(h.name) ?? true))
    process.stdout.write('\n')
    for (const { name } of pods)
      for (const { container, text } of await releases.cluster.podLogs(name, namespace))
        process.stdout.write(`POD LOGS: ${name} (${container})\n${text}\n`)
  }
  await releases.test(onlyArgument(flags, 'test NAME'), only, look)
  return 0
}
