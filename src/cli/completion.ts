// `slipway completion SHELL`: what a shell completes slipway's words by.
import { setTimeout as sleep } from 'node:timers/promises'
import { lines, type Offer, offer, type Verbs } from './completion/candidates.ts'
import { printScript } from './completion/scripts.ts'

const HELP = `slipway completion: completion of slipway's words in a shell

  slipway completion bash|zsh|fish|powershell   prints the script that the shell reads
  slipway completion --words WORD…              what fits the last word, as the scripts ask it

Examples:
  source <(slipway completion bash)
  slipway completion bash > /etc/bash_completion.d/slipway
  slipway completion zsh > "\${fpath[1]}/_slipway"
  slipway completion fish > ~/.config/fish/completions/slipway.fish
  slipway completion powershell | Out-String | Invoke-Expression
`
/** Nobody waits longer for a shell. */
const DEADLINE_MS = 3000

export async function run(argv: string[]): Promise<number> {
  const [first, ...words] = argv
  if (first === '--help' || first === '-h') process.stdout.write(HELP)
  else if (first !== '--words') return printScript(first)
  else process.stdout.write(lines(await inTime(offer(words.length > 0 ? words : [''], await verbs()))))
  return 0
}

/** A cluster that does not answer has no names. */
async function inTime(asked: Promise<Offer>): Promise<Offer> {
  const none: Offer = { candidates: [] }
  return Promise.race([asked.catch(() => none), sleep(DEADLINE_MS, none, { ref: false })])
}

async function verbs(): Promise<Verbs> {
  const { aboutVerbs, main } = await import('./start.ts')
  return {
    about: aboutVerbs(),
    help: (verb) => printed(() => main([verb, '--help'])),
    chart: async (words) => {
      const [{ chartOffer }, names] = await Promise.all([
        import('./completion/chart-verbs.ts'),
        import('./completion/chart-names.ts'),
      ])
      return chartOffer(words, names)
    },
  }
}

/** What is written to standard output meanwhile. */
async function printed(act: () => Promise<unknown>): Promise<string> {
  const { write } = process.stdout
  let text = ''
  process.stdout.write = ((part: string) => {
    text += part
    return true
  }) as typeof write
  try {
    await act()
  } finally {
    process.stdout.write = write
  }
  return text
}
