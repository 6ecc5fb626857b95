// `slipway chart …`: everything about charts and releases.

const USAGE = `Usage: slipway chart <verb>

  template NAME CHART    render a chart to manifests
`

const VERBS: { readonly [verb: string]: () => Promise<{ run: (argv: string[]) => Promise<number> }> } = {
  template: () => import('./chart-template.ts'),
}

/** Runs a chart verb; the exit status. */
export async function run(argv: string[]): Promise<number> {
  const [verb, ...rest] = argv
  if (verb === undefined || verb === 'help' || verb === '--help' || verb === '-h') {
    process.stdout.write(USAGE)
    return verb === undefined ? 2 : 0
  }
  const load = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
  if (!load) {
    process.stderr.write(`Error: unknown verb ${JSON.stringify(verb)} for "slipway chart"\n\n${USAGE}`)
    return 2
  }
  try {
    return await (await load()).run(rest)
  } catch (e) {
    if (!(e instanceof Error)) throw e
    const hint = 'hint' in e && typeof e.hint === 'string' ? `\nHint: ${e.hint}` : ''
    const isBug = e instanceof TypeError || e instanceof ReferenceError
    process.stderr.write(`Error: ${isBug ? e.stack : e.message}${hint}\n`)
    return 1
  }
}
