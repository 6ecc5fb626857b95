// What may stand where the last word of a command line is.

export interface Candidate {
  readonly word: string
  readonly about?: string
}
export interface Offer {
  readonly candidates: readonly Candidate[]
  /** Names of files fit, too. */
  readonly files?: boolean
}

/** The verbs of slipway. */
export interface Verbs {
  readonly about: { readonly [verb: string]: string }
  /** What `slipway VERB --help` prints. */
  help(verb: string): Promise<string>
  /** What fits after `slipway chart`. */
  chart(words: readonly string[]): Promise<Offer>
}

/** What fits the last of `words`, which come after `slipway`; it may be ''. */
export async function offer(words: readonly string[], verbs: Verbs): Promise<Offer> {
  const [verb = '', ...rest] = words
  if (rest.length === 0)
    return fitting(
      verb,
      Object.entries(verbs.about).map(([word, about]): Candidate => ({ word, about })),
    )
  if (verb === 'chart') return verbs.chart(rest)
  if (!Object.hasOwn(verbs.about, verb)) return { candidates: [] }
  return fromHelp(verb, rest, await verbs.help(verb))
}

/** Those candidates that start with what is written. */
export const fitting = (written: string, candidates: readonly Candidate[], files = false): Offer => ({
  candidates: candidates.filter(({ word }) => word.startsWith(written)),
  files,
})

/** A verb's help names its own verbs (`  slipway repo list`), and its flags with what they take (`  --data DIR   the data directory`). */
function fromHelp(verb: string, rest: readonly string[], help: string): Offer {
  const written = rest.at(-1) ?? ''
  const flags = flagsIn(help)
  const before = flags.find((f) => f.words.includes(rest.at(-2) ?? ''))
  if (before?.takes !== undefined)
    return { candidates: choices(before.takes, written), files: /^(?:FILE|DIR|FOLDER)$/.test(before.takes) }
  if (written.startsWith('-'))
    return fitting(
      written,
      flags.flatMap((f) => f.words.filter((w) => w.startsWith('--')).map((word) => ({ word, about: f.about }))),
    )
  const inner = new Map<string, string>()
  for (const [, word = '', about = ''] of help.matchAll(
    new RegExp(`^  slipway ${verb} ([a-z][a-z-]*)\\b[^\\n]*?(?: {2,}([^\\n]*))?$`, 'gm'),
  ))
    if (!inner.has(word)) inner.set(word, about)
  const verbs = rest.length === 1 ? [...inner].map(([word, about]): Candidate => ({ word, about })) : []
  return fitting(written, verbs, verbs.length === 0)
}

interface HelpFlag {
  readonly words: readonly string[]
  /** FILE, or the words that fit: json|yaml. */
  readonly takes: string | undefined
  readonly about: string
}

function flagsIn(help: string): HelpFlag[] {
  const found: HelpFlag[] = [{ words: ['--help', '-h'], takes: undefined, about: 'tells more' }]
  for (const [, names = '', takes, about = ''] of help.matchAll(
    /^ {2}(-\w(?:, --[a-z-]+)?|--[a-z-]+)(?: ([A-Z]+|[a-z]+(?:\|[a-z]+)*))?(?: {2,}(.*))?$/gm,
  ))
    found.push({ words: names.split(', '), takes, about })
  return found
}

const choices = (takes: string, written: string): Candidate[] =>
  /^[a-z]/.test(takes)
    ? takes
        .split('|')
        .filter((word) => word.startsWith(written))
        .map((word) => ({ word }))
    : []

/** A line for each candidate, with a tab before what it is about; the last line says whether names of files fit. */
export const lines = ({ candidates, files }: Offer): string =>
  `${candidates.map(({ word, about }) => (about ? `${word}\t${about.replaceAll(/\s+/g, ' ')}` : word)).join('\n')}${candidates.length > 0 ? '\n' : ''}:${files ? 'files' : 'words'}\n`
