// `slipway operator …`: write, run, test and ship operators.

const help = `slipway operator: operators in TypeScript

  slipway operator new NAME           a small working operator to start from
  slipway operator run FILE           run it here, against any cluster
  slipway operator test [FILE …]      run its tests
  slipway operator crds FILE          the definitions of its kinds, as YAML
  slipway operator package FILE       a container image to build, and a chart that installs it

slipway operator <verb> --help tells more; \`slipway dev FILE\` runs it and loads it again whenever it is saved.
`

const verbs: Readonly<Record<string, () => Promise<{ run(argv: string[]): Promise<number> }>>> = {
  new: () => import('./operator/new.ts'),
  run: () => import('./operator/run.ts'),
  test: () => import('./operator/test.ts'),
  crds: async () => {
    const { run } = await import('./types.ts')
    return { run: (argv) => run(['--crds', ...argv]) }
  },
  package: () => import('./operator/package.ts'),
}

/** `slipway operator`. */
export async function run(argv: string[]): Promise<number> {
  const [verb, ...rest] = argv
  if (verb === undefined || verb === 'help' || verb === '--help' || verb === '-h') {
    process.stdout.write(help)
    return verb === undefined ? 2 : 0
  }
  const load = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
  if (!load) {
    process.stderr.write(`slipway: operator has no verb "${verb}"\n\n${help}`)
    return 2
  }
  return (await load()).run(rest)
}
